
-- The beginning -----------------------------------------------------------------------------------------------------

prepare_table()

-- Outside Wireshark there is nothing to register.
if not Proto then
  return {
    classify = classify, inflate = inflate, is_text = is_text, read_message = read_message, rebuild = rebuild,
    needs_rebuilding = needs_rebuilding, guard = guard, ROWS = ROWS, UNKNOWN = UNKNOWN, HINTS = HINTS,
  }
end

local MADE_FOR = "Wireshark 3.4 to 4.6"

local function refuse(reason)
  error(FILE .. ": " .. reason .. "; nothing was loaded.", 0)
end

local version = type(get_version) == "function" and get_version() or "?"
local major, minor = version:match("^(%d+)%.(%d+)")
major, minor = tonumber(major) or 0, tonumber(minor) or 0
if major < 3 or major == 3 and minor < 4 then
  refuse("made for " .. MADE_FOR .. ", and this is " .. version)
end
for _, needed in ipairs({ "ProtoField", "ProtoExpert", "Pref", "Dissector", "DissectorTable", "ByteArray", "Tvb",
  "TreeItem" }) do
  if not _G[needed] then refuse("made for " .. MADE_FOR .. ", and this one (" .. version .. ") has no " .. needed) end
end
if major > 4 or major == 4 and minor > 6 then
  io.stderr:write(FILE, ": made for ", MADE_FOR, " and not tried on ", version, ".\n")
end
LEAKS = major < 4 or major == 4 and minor < 4

if set_plugin_info then
  set_plugin_info({ version = VERSION, author = "The muxshark authors", description = "SIP, STUN, RTP on one port" })
end

local made, protocol = pcall(Proto, NAME, DESCRIPTION)
if not made then
  refuse("a protocol \"" .. NAME .. "\" exists already. Either the plugin is installed twice (look at Help, About "
    .. "Wireshark, Folders: personal and global Lua plugins), or the name is Wireshark's own: choose another with "
    .. "muxshark plugin --name")
end
mux = protocol

local data = dissector("data")
call = data.call
octets_of, range_of, captured_len, reported_len = Tvb.raw, Tvb.range, Tvb.captured_len, Tvb.reported_len
add, referenced, set_generated = TreeItem.add, TreeItem.referenced, TreeItem.set_generated
for _, row in ipairs(ROWS) do
  equip(row, data)
  known[tostring(row.dissector)] = true
end

declare_preferences()
read_preferences()
declare_fields()
declare_experts()

UDP_PORTS = DissectorTable.get("udp.port")
for port = 1, 65535 do
  local owner = UDP_PORTS:get_dissector(port)
  if owner then DEFAULTS[port] = tostring(owner) end
end
OWN, RTP, SIP = NAME:upper(), tostring(dissector("rtp")), tostring(dissector("sip"))

mux.dissector = dissect_datagram
OURSELVES = dissector(NAME)
register()
pcall(function() UDP_PORTS:add_for_decode_as(mux) end)
for _, list in ipairs({ "stun", "turnchannel" }) do
  pcall(function() mux:register_heuristic(list, try_carried) end)
end
if settings.heuristic then register_heuristic() end

-- Wireshark makes new objects for Lua with each datagram. Most of the work of collecting them is to look through what
-- lives on: Lua may grow by some megabytes before it does so. (200 is how Lua begins: when twice as much is held.)
local GROWTH_KB = 16384

local function collect_less_often()
  local percent = math.floor(100 + 100 * GROWTH_KB / collectgarbage("count"))
  collectgarbage("setpause", math.max(200, math.min(1000, percent)))
end

function mux.prefs_changed()
  read_preferences()
  register()
  register_heuristic()
end

function mux.init()
  collect_less_often()
  forget()
  give_watched_ports_back()
  take_ports_back()
  register_heuristic()
end
