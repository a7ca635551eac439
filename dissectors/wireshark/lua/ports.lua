-- Ports -------------------------------------------------------------------------------------------------------------

-- Whose each port was when this file was loaded. What differs later was chosen by the user with Decode As, and stands;
-- but a preference of Wireshark's own, such as sip.udp.port, looks the same and does not.
local UDP_PORTS
local DEFAULTS = {}
local OWN, RTP, SIP

-- Dissectors whose own preference names their ports anew, by name.
local preferred = {}

local function owner_of(port)
  local owner = UDP_PORTS:get_dissector(port)
  return owner and tostring(owner)
end

-- "Decode As RTP" is the old way of seeing anything on such a port, and newer RTP dissectors then keep STUN and SIP for
-- themselves. RTP is what media get here anyway, so it counts as no choice.
function is_users(port)
  local now = owner_of(port)
  return now ~= DEFAULTS[port] and now ~= OWN and now ~= RTP and not (now and preferred[now])
end

-- The ports that the profile keeps as Decode As, each with the name of its dissector.
local function decoded_as()
  local found = {}
  local path = Dir and Dir.personal_config_path("decode_as_entries")
  local file = path and io.open(path, "r")
  if not file then return found end
  for line in file:lines() do
    local port, name = line:match("^decode_as_entry: udp%.port,(%d+),[^,]*,([^,\r]+)")
    if port then found[tonumber(port)] = name end
  end
  file:close()
  return found
end

-- A preference sets all its ports anew, even those that it had by default; Decode As sets one. So whoever has one of
-- its default ports back, although it was ours, has its preference set, unless the profile keeps a port as Decode As.
local function look_for_preferences()
  preferred = {}
  for port in pairs(registered) do
    local now = owner_of(port)
    if now and now ~= OWN and now == DEFAULTS[port] then preferred[now] = true end
  end
  if next(preferred) == nil then return end
  local chosen = decoded_as()
  for port, name in pairs(chosen) do
    if preferred[name] and DEFAULTS[port] ~= name then
      local whole = false
      for other, other_name in pairs(chosen) do whole = whole or other_name == name and DEFAULTS[other] == name end
      if not whole then preferred[name] = nil end
    end
  end
end

local function take_port(port)
  local owner = UDP_PORTS:get_dissector(port)
  local name = owner and tostring(owner)
  if name ~= OWN and name ~= RTP then
    previous[port] = owner
  end
  UDP_PORTS:add(port, mux)
end

local function give_port_back(port)
  UDP_PORTS:remove(port, mux)
  if not previous[port] then return end
  UDP_PORTS:add(port, previous[port])
  previous[port] = nil
end

local function ports_of(range)
  local ports = {}
  for first, last in tostring(range):gmatch("(%d+)%-?(%d*)") do
    first = tonumber(first)
    for port = first, math.min(tonumber(last) or first, 65535) do ports[port] = true end
  end
  return ports
end

-- Give back the ports that are no longer ours to whoever had them, then take the new ones.
local function register()
  local wanted = ports_of(prefs.ports)
  for port in pairs(ports_of(prefs.signalling_ports)) do wanted[port] = true end
  look_for_preferences()
  for port in pairs(registered) do
    if not wanted[port] and not is_users(port) then give_port_back(port) end
  end
  for port in pairs(wanted) do
    if not registered[port] and not is_users(port) then take_port(port) end
  end
  registered = wanted
end

-- Ports of media are watched as long as the capture is open.
local MAX_WATCHED = 1024
local watching = 0

function watch_port(port)
  if registered[port] or watched[port] or watching >= MAX_WATCHED or is_users(port) then return end
  take_port(port)
  watched[port], watching = true, watching + 1
end

local function give_watched_ports_back()
  for port in pairs(watched) do
    if not registered[port] and owner_of(port) == OWN then give_port_back(port) end
  end
  watched, watching = {}, 0
end

local function take_ports_back()
  look_for_preferences()
  for port in pairs(registered) do
    if owner_of(port) ~= OWN and not is_users(port) then take_port(port) end
  end
end

-- Whoever had the port before gets what is not ours, unless the table knows it: what it would take is ours, and when it
-- refuses, Wireshark's heuristics are asked. Of a dissector that is called nobody learns whether it refused.
local known = {}

-- SigComp is what Wireshark's SIP dissector takes and the table does not know: its first five bits are set (RFC 3320
-- section 7).
local SIGCOMP = 0xF8

function ask_previous(port, tvb, pinfo, tree)
  local owner = previous[port]
  local name = owner and tostring(owner)
  local sigcomp = name == SIP and captured_len(tvb) > 0 and byte(octets_of(tvb, 0, 1)) >= SIGCOMP
  if not owner or known[name] and not sigcomp then return false end
  hand_over(owner, tvb, pinfo, tree)
  return true
end

-- The heuristic is asked about every datagram of other ports: it is registered when something needs it. Wireshark 3.4
-- does not tell whether its heuristics come first.
local has_heuristic = false

local function heuristics_come_first()
  if not get_preference then return true end
  local told, value = pcall(get_preference, "udp.try_heuristic_first")
  return told and value == true
end

local function register_heuristic()
  if has_heuristic or not (settings.heuristic or heuristics_come_first()) then return end
  mux:register_heuristic("udp", try_datagram)
  has_heuristic = true
end

