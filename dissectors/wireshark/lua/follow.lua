-- The media that SDP names ------------------------------------------------------------------------------------------

local MAX_MEDIA, MAX_CANDIDATES, MAX_PAIRS = 8, 8, 128

local function address_of(text)
  if not text or text == "0.0.0.0" or text == "::" or text:find("[^0-9A-Fa-f.:]") then return nil end
  local made, address = pcall(text:find(":", 1, true) and Address.ipv6 or Address.ip, text)
  return made and address or nil
end

-- One m= line: its port, whether it is RTP, the payload types that have an rtpmap, and the UDP candidates (RFC 8839
-- section 5.1) by component: 1 for media, 2 for RTCP on a port of its own.
local function read_media_line(value)
  local port = tonumber((value:match("^%w+ (%d+)")))
  if not port or port == 0 or port >= 65535 then return nil end
  return { port = port, rtp = value:find("RTP/", 1, true) ~= nil, announced = {}, candidates = { {}, {} } }
end

local function read_attribute(media, value)
  local payload_type = value:match("^rtpmap:(%d+)")
  if payload_type then media.announced[tonumber(payload_type)] = true end
  local component, transport, address, port = value:match("^candidate:%S+ ([12]) (%a+) %d+ (%S+) (%d+) typ ")
  if not component or lower(transport) ~= "udp" then return end
  local candidates = media.candidates[tonumber(component)]
  address, port = address_of(address), tonumber(port)
  if address and port > 0 and port < 65536 and #candidates < MAX_CANDIDATES then
    candidates[#candidates + 1] = { address = address, port = port }
  end
end

-- The media of an SDP; a medium that is refused keeps its place as false, for an answer goes line by line.
local function media_of(text)
  local media, session, current = {}, nil, nil
  for line in text:gmatch("[^\r\n]+") do
    local kind, value = line:sub(1, 2), line:sub(3)
    if kind == "c=" then
      local address = address_of(value:match("^IN IP[46] ([^ /]+)"))
      if #media == 0 then session = address elseif current then current.address = address end
    elseif kind == "m=" then
      if #media >= MAX_MEDIA then break end
      current = read_media_line(value)
      media[#media + 1] = current or false
    elseif kind == "a=" and current then
      read_attribute(current, value)
    end
  end
  for _, one in ipairs(media) do
    if one then one.address = one.address or session end
  end
  return media
end

-- Where media of a component may come from and go to: as SDP says, as the sender's own address says (NAT does not read
-- SDP), and as the candidates say.
local function endpoints_of(one, component, sender)
  local endpoints, seen = {}, {}
  local function add_endpoint(address, port)
    local key = address and place_of(address, port)
    if not key or seen[key] or is_users(port) then return end
    seen[key] = true
    endpoints[#endpoints + 1] = { address = address, port = port, key = key }
  end
  add_endpoint(one.address, one.port + component - 1)
  add_endpoint(sender, one.port + component - 1)
  for _, candidate in ipairs(one.candidates[component]) do add_endpoint(candidate.address, candidate.port) end
  return endpoints
end

-- The conversation between two endpoints becomes ours, as if a datagram between them were here.
local function claim(pinfo, from, from_port, to, to_port)
  local src, dst, src_port, dst_port = pinfo.src, pinfo.dst, pinfo.src_port, pinfo.dst_port
  pcall(function()
    pinfo.src, pinfo.dst, pinfo.src_port, pinfo.dst_port = from, to, from_port, to_port
    pinfo.conversation = mux
  end)
  pinfo.src, pinfo.dst, pinfo.src_port, pinfo.dst_port = src, dst, src_port, dst_port
end

-- SDP claims each media endpoint for RTP, whoever the other side will be. Once the SIP dissector has done so, the claim
-- is found by looking from that endpoint to any other, and made ours; what SDP said of it stays.
local ANY_PORT = 9

local function claim_endpoint(pinfo, one)
  local address = one.address or pinfo.src
  for component = 1, 2 do
    local port = one.port + component - 1
    if (component == 1 and one.rtp or registered[port]) and not is_users(port) then
      claim(pinfo, address, port, pinfo.dst, ANY_PORT)
    end
  end
end

-- STUN that came before has claimed the exact pair, and a claim for any other side does not reach it; nor does one by
-- an address behind NAT. Once both sides have said where they are, each pair is claimed. STUN claims its pair again
-- whenever Wireshark looks at it again: what STUN refuses then is ours by its port.
local watch_port

function is_claimed(pinfo)
  return remembered.pairs[place_of(pinfo.src, pinfo.src_port) .. " " .. place_of(pinfo.dst, pinfo.dst_port)]
end

local function claim_pairs(pinfo, one, sender, other, other_sender)
  local left = MAX_PAIRS
  for component = 1, 2 do
    for _, from in ipairs(endpoints_of(one, component, sender)) do
      for _, to in ipairs(endpoints_of(other, component, other_sender)) do
        if left > 0 and from.key ~= to.key then
          claim(pinfo, from.address, from.port, to.address, to.port)
          remember("pairs", from.key .. " " .. to.key, true)
          remember("pairs", to.key .. " " .. from.key, true)
          watch_port(from.port)
          watch_port(to.port)
          left = left - 1
        end
      end
    end
  end
end

-- What the two hosts of a message said last in a call: an offer and its answer are a request and a response, or the
-- other way round.
local function sides_of(message, pinfo)
  local hosts = { tostring(pinfo.src), tostring(pinfo.dst) }
  table.sort(hosts)
  local key = (values(message.lines, "call-id")[1] or "") .. "\n" .. table.concat(hosts, " ")
  local sides = remembered.descriptions[key] or {}
  remember("descriptions", key, sides)
  if message.lines[1]:find("^[Ss][Ii][Pp]/") then return sides, "response", "request" end
  return sides, "request", "response"
end

function follow_sdp(message, pinfo)
  local media = media_of(message.text)
  if #media == 0 then return end
  forget_all("codecs")
  local sender, sides, kind, other_kind = pinfo.src, sides_of(message, pinfo)
  sides[kind] = { media = media, sender = sender }
  local other = sides[other_kind] or { media = {} }
  for place, one in ipairs(media) do
    if one then
      for _, endpoint in ipairs(endpoints_of(one, 1, sender)) do
        remember("announced", endpoint.key, one.announced)
        if message.facetime then remember("facetime", endpoint.key, true) end
      end
      if settings.follow_sdp then
        claim_endpoint(pinfo, one)
        if one.rtp and other.media[place] then claim_pairs(pinfo, one, sender, other.media[place], other.sender) end
      end
    end
  end
end

