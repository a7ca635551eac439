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

if set_plugin_info then
  set_plugin_info({ version = VERSION, author = "The muxshark authors", description = "SIP, STUN, RTP on one port" })
end

local made, mux = pcall(Proto, NAME, DESCRIPTION)
if not made then
  refuse("a protocol \"" .. NAME .. "\" exists already. Either the plugin is installed twice (look at Help, About "
    .. "Wireshark, Folders: personal and global Lua plugins), or the name is Wireshark's own: choose another with "
    .. "muxshark plugin --name")
end

-- Preferences -------------------------------------------------------------------------------------------------------

local prefs = mux.prefs
prefs.ports = Pref.range("UDP ports", PORTS, "Ports on which the table decides what each datagram is", 65535)
prefs.signalling_ports = Pref.range("Signalling ports", SIGNALLING_PORTS,
  "Ports of SIP without media: compressed bodies are read here too, and the media ports that SDP names are taken over",
  65535)
prefs.heuristic = Pref.bool("Take over other ports", HEURISTIC,
  "Take a conversation on any port as soon as it shows a SIP start line, STUN's cookie or ZRTP's")
prefs.follow_sdp = Pref.bool("Follow SDP", true, "Take over the media ports that SDP names")
prefs.inflate = Pref.bool("Inflate SIP bodies", true,
  "Hand the SIP dissector messages with their compressed bodies as plain text. Off: Wireshark inflates by itself what "
    .. "it can, without a bound")
prefs.max_inflated = Pref.uint("Largest inflated body", MAX_INFLATED,
  "Octets that a body may inflate to; beyond it, the headers alone are dissected")
prefs.name_codecs = Pref.bool("Name FaceTime's payload types", true,
  "Say what a payload type without rtpmap probably is, in calls of FaceTime")

-- Reading a preference is a search in Wireshark: what each datagram asks for is kept here, by `prefs_changed`.
local settings = {}

local function read_preferences()
  for _, name in ipairs({ "heuristic", "follow_sdp", "inflate", "max_inflated", "name_codecs" }) do
    settings[name] = prefs[name]
  end
end
read_preferences()

-- Fields ------------------------------------------------------------------------------------------------------------

local STRENGTHS = { [0] = "none", "certain", "plausible" }
local STRENGTH_NUMBERS = { none = 0, certain = 1, plausible = 2 }

local function named(suffix) return NAME .. "." .. suffix end

local fields = {
  type = ProtoField.uint8(named("type"), "Type", base.DEC, TYPES),
  strength = ProtoField.uint8(named("strength"), "Strength", base.DEC, STRENGTHS),
  reason = ProtoField.string(named("reason"), "Reason"),
  body = ProtoField.none(named("body"), "Body"),
  encoding = ProtoField.string(named("body.encoding"), "Encoding found"),
  label = ProtoField.string(named("body.label"), "Encoding on the label"),
  status = ProtoField.string(named("body.status"), "Status"),
  compressed_length = ProtoField.uint32(named("body.compressed_length"), "Compressed length", base.DEC),
  inflated_length = ProtoField.uint32(named("body.inflated_length"), "Inflated length", base.DEC),
  ratio = ProtoField.double(named("body.ratio"), "Ratio"),
  codec = ProtoField.string(named("codec"), "Codec, probably"),
}
mux.fields = fields

local WARN, NOTE = expert.severity.WARN, expert.severity.NOTE
local experts = {
  label = ProtoExpert.new(named("expert.label"), "Label and data disagree", expert.group.PROTOCOL, NOTE),
  recovered = ProtoExpert.new(named("expert.recovered"), "Headers are compressed", expert.group.PROTOCOL, NOTE),
  truncated = ProtoExpert.new(named("expert.truncated"), "The compressed body is cut", expert.group.MALFORMED, WARN),
  corrupt = ProtoExpert.new(named("expert.corrupt"), "The compressed body is damaged", expert.group.MALFORMED, WARN),
  over_limit = ProtoExpert.new(named("expert.over_limit"), "The body inflates beyond the limit", expert.group.SECURITY,
    WARN),
  unsupported = ProtoExpert.new(named("expert.unsupported"), "The encoding is not decoded", expert.group.UNDECODED,
    NOTE),
}
mux.experts = experts

local EXPERT_OF_STATUS = {
  truncated = experts.truncated, corrupt = experts.corrupt, ["over limit"] = experts.over_limit,
  unsupported = experts.unsupported,
}

-- Dissectors --------------------------------------------------------------------------------------------------------

-- An unknown name raises in 3.4 and gives nil from 3.6 on.
local function dissector(name)
  local there, found = pcall(Dissector.get, name)
  return there and found or nil
end

local DATA = dissector("data")
local call = DATA.call

local function equip(row)
  row.dissector = dissector(row.wireshark) or dissector(row.otherwise) or DATA
  row.text = DESCRIPTION .. ", " .. row.name .. " (" .. row.strength .. "): " .. row.reason
  row.media = row.name == "RTP"
  row.strength_number = STRENGTH_NUMBERS[row.strength]
  -- What Wireshark has a name for is named, even where so little was captured that its dissector takes it for data.
  row.column = row.wireshark and row.wireshark ~= "data" and row.name or nil
end
for _, row in ipairs(ROWS) do equip(row) end
equip(UNKNOWN)

-- Ports --------------------------------------------------------------------------------------------------------------

-- Ports that the preferences name; `register` fills it.
local registered = {}

-- Whose each port was when Wireshark started: what differs later was chosen by the user with Decode As, and stands.
local UDP_PORTS = DissectorTable.get("udp.port")
local DEFAULTS = {}
for port = 1, 65535 do
  local known = UDP_PORTS:get_dissector(port)
  if known then DEFAULTS[port] = tostring(known) end
end
local OWN, RTP = NAME:upper(), tostring(dissector("rtp"))

local function is_users(port)
  local now = UDP_PORTS:get_dissector(port)
  now = now and tostring(now)
  return now ~= DEFAULTS[port] and now ~= OWN and now ~= RTP
end

-- Methods that every datagram needs; Wireshark searches for a method each time it is named.
local captured_len, reported_len, octets_of = Tvb.captured_len, Tvb.reported_len, Tvb.raw
local add, referenced, set_generated = TreeItem.add, TreeItem.referenced, TreeItem.set_generated

-- What is remembered of the capture ---------------------------------------------------------------------------------

-- All of it is made on the first pass and bounded: when a table is full, it begins anew.
local MAX_REMEMBERED = 4096
local remembered, counts

local function forget()
  -- facetime: media endpoints of FaceTime. announced: by media endpoint, the payload types that have an rtpmap.
  remembered = { facetime = {}, announced = {} }
  counts = { facetime = 0, announced = 0 }
end
forget()

local function remember(kind, key, value)
  if remembered[kind][key] == nil then
    if counts[kind] >= MAX_REMEMBERED then remembered[kind], counts[kind] = {}, 0 end
    counts[kind] = counts[kind] + 1
  end
  remembered[kind][key] = value
end

local function place_of(address, port) return tostring(address) .. " " .. port end

-- SDP ---------------------------------------------------------------------------------------------------------------

local MAX_MEDIA = 8

local function address_of(text, fallback)
  if not text or text:find("^0%.0%.0%.0$") or text:find("[^0-9A-Fa-f.:]") then return fallback end
  local make = text:find(":", 1, true) and Address.ipv6 or Address.ip
  local made_one, address = pcall(make, text)
  return made_one and address or fallback
end

-- The media lines of an SDP: address, port and the payload types that have an rtpmap.
local function media_of(text, sender)
  local media, session = {}, nil
  for line in text:gmatch("[^\r\n]+") do
    local kind, value = line:sub(1, 2), line:sub(3)
    if kind == "c=" then
      local address = value:match("^IN IP[46] ([^ /]+)")
      if #media > 0 then media[#media].address = address else session = address end
    elseif kind == "m=" then
      local port, rtp = tonumber((value:match("^%w+ (%d+)"))), value:find(" RTP/", 1, true) ~= nil
      if #media >= MAX_MEDIA then break end
      if port and port > 0 and port < 65535 then media[#media + 1] = { port = port, rtp = rtp, announced = {} } end
    elseif #media > 0 and value:find("^rtpmap:") then
      media[#media].announced[tonumber(value:match("^rtpmap:(%d+)")) or -1] = true
    end
  end
  for _, one in ipairs(media) do one.address = address_of(one.address or session, sender) end
  return media
end

-- SDP claims each media endpoint for RTP, whoever the other side will be. Once the SIP dissector has done so, the claim
-- is found by looking from that endpoint to any other, and made ours; what SDP said of it stays.
local ANY_PORT = 9

local function claim(pinfo, endpoint, port)
  local src, dst, src_port, dst_port = pinfo.src, pinfo.dst, pinfo.src_port, pinfo.dst_port
  if is_users(port) then return end
  pcall(function()
    pinfo.src, pinfo.src_port, pinfo.dst_port = endpoint.address, port, ANY_PORT
    pinfo.conversation = mux
  end)
  pinfo.src, pinfo.dst, pinfo.src_port, pinfo.dst_port = src, dst, src_port, dst_port
end

local function follow_sdp(message, pinfo)
  for _, one in ipairs(media_of(message.text, pinfo.src)) do
    remember("announced", place_of(one.address, one.port), one.announced)
    if message.facetime then remember("facetime", place_of(one.address, one.port), true) end
    if settings.follow_sdp and (one.rtp or registered[one.port]) then claim(pinfo, one, one.port) end
    if settings.follow_sdp and registered[one.port + 1] then claim(pinfo, one, one.port + 1) end
  end
end

-- FaceTime's mark: the name of its stack, or the user name of its SDP.
local function is_facetime(message)
  for _, name in ipairs({ "user-agent", "server" }) do
    local value = values(message.lines, name)[1]
    if value and value:find("^Viceroy") then return true end
  end
  return message.text:find("o=GKVoiceChatService ", 1, true) ~= nil
end

-- SIP ---------------------------------------------------------------------------------------------------------------

local function show_body(message, tvb, item)
  local body = message.body
  local raw = #message.raw > 0 and tvb(message.at - 1, #message.raw) or tvb(0, 0)
  local shown = item:add(fields.body, raw)
  shown:append_text(": " .. body.encoding .. ", " .. body.status)
  shown:add(fields.encoding, raw, body.encoding)
  if body.label then shown:add(fields.label, raw, body.label) end
  shown:add(fields.status, raw, body.status)
  shown:add(fields.compressed_length, raw, body.compressed_length)
  if body.status ~= "unsupported" then
    local inflated = #body.octets
    shown:add(fields.inflated_length, raw, inflated):set_generated()
    if body.compressed_length > 0 then
      shown:add(fields.ratio, raw, inflated / body.compressed_length):set_generated()
    end
  end
  local why = table.concat(body.notes, "; ")
  if body.lies then shown:add_proto_expert_info(experts.label, why) end
  if #message.recovered > 0 then
    shown:add_proto_expert_info(experts.recovered, #message.recovered .. " headers are compressed")
  end
  local told = EXPERT_OF_STATUS[body.status]
  if told then
    local bound = body.status == OVER_LIMIT and " after " .. #body.octets .. " octets: headers only" or ""
    if why ~= "" then why = " (" .. why .. ")" end
    shown:add_proto_expert_info(told, "The body is " .. body.status .. bound .. why)
  end
end

-- The message as the SIP dissector may have it, and what was read of it.
local function readable(payload, tvb, item)
  local message = read_message(payload, settings.max_inflated)
  if not message then return tvb end
  message.facetime = is_facetime(message)
  guard(message, settings.max_inflated)
  local changed, body = needs_rebuilding(message), message.body
  if body.status ~= "identity" or body.label or #message.recovered > 0 then show_body(message, tvb, item) end
  if message.changed > 0 then
    item:add_proto_expert_info(experts.over_limit, message.changed .. " encodings inside the body are not undone: "
      .. "beyond the limit, or not what they are called")
  end
  if changed and settings.inflate then
    return ByteArray.new(rebuild(message), true):tvb("SIP, body inflated"), message
  end
  return message.begin > 1 and tvb(message.begin - 1):tvb() or tvb, message
end

-- RTP ---------------------------------------------------------------------------------------------------------------

local function name_codec(payload, pinfo, item)
  local payload_type = (byte(payload, 2) or 0) % 128
  local hint = HINTS[payload_type]
  if not hint then return end
  local to, from = place_of(pinfo.dst, pinfo.dst_port), place_of(pinfo.src, pinfo.src_port)
  if not (remembered.facetime[to] or remembered.facetime[from]) then return end
  -- A stream's payload types are those of its receiver's SDP (RFC 3264 section 5.1).
  local announced = remembered.announced[to] or remembered.announced[from]
  if announced and announced[payload_type] then return end
  set_generated(add(item, fields.codec, hint))
end

-- The datagram ------------------------------------------------------------------------------------------------------

local function show(row, captured, tvb, tree)
  local item = add(tree, mux, tvb(0, captured), row.text)
  set_generated(add(item, fields.reason, row.reason))
  set_generated(add(item, fields.type, row.type))
  set_generated(add(item, fields.strength, row.strength_number))
  return item
end

-- A dissector that meets something malformed throws; Wireshark has marked it by then, and what follows it must not be
-- blamed on Lua: hence `pcall`.
local function dissect_sip(row, payload, tvb, pinfo, tree)
  local given, message = readable(payload, tvb, show(row, #payload, tvb, tree))
  pcall(call, row.dissector, given, pinfo, tree)
  if message and not pinfo.visited then follow_sdp(message, pinfo) end
end

-- Where nobody looks at a field of ours or filters by one, none is worth the time: most datagrams are media.
local OURSELVES
local MEDIA_HEADER = 12

local function dissect(row, payload, tvb, pinfo, tree)
  if row.column and not (row.media and #payload >= MEDIA_HEADER) then pinfo.cols.protocol = row.column end
  if row.name == "SIP" then return dissect_sip(row, payload, tvb, pinfo, tree) end
  if referenced(tree, OURSELVES) then
    local item = show(row, #payload, tvb, tree)
    if row.media and settings.name_codecs then name_codec(payload, pinfo, item) end
  end
  pcall(call, row.dissector, tvb, pinfo, tree)
end

-- What a conversation hands us still has the number by which IP chose UDP (RFC 768); a port table leaves its port.
local UDP = 17

local function take_conversation(pinfo)
  if not pinfo.visited then pinfo.conversation = mux end
end

-- Media are nearly everything: what two octets settle goes on at once, and nothing is asked that it does not need.
function mux.dissector(tvb, pinfo, tree)
  if pinfo.match ~= UDP or registered[UDP] then take_conversation(pinfo) end
  local payload = octets_of(tvb)
  local captured = #payload
  local first, second = byte(payload, 1, 2)
  local rows = second and REMAINING[first * 256 + second]
  if rows and captured >= rows.least and rows.settled.media and not referenced(tree, OURSELVES) then
    pcall(call, rows.settled.dissector, tvb, pinfo, tree)
  else
    dissect(classify(payload, reported_len(tvb)), payload, tvb, pinfo, tree)
  end
  return captured
end
OURSELVES = dissector(NAME)

-- Ports and heuristic -----------------------------------------------------------------------------------------------

local before = {}

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
  for port in pairs(registered) do
    if not wanted[port] and not is_users(port) then
      UDP_PORTS:remove(port, mux)
      if before[port] then UDP_PORTS:add(port, before[port]) end
    end
  end
  for port in pairs(wanted) do
    if not registered[port] and not is_users(port) then
      before[port] = UDP_PORTS:get_dissector(port)
      UDP_PORTS:add(port, mux)
    end
  end
  registered = wanted
end

register()

function mux.prefs_changed()
  read_preferences()
  register()
end

-- "Decode As RTP" is the old way of seeing anything on such a port, and newer RTP dissectors then keep STUN and SIP for
-- themselves. RTP is what media get here anyway, so the port is taken back; any other choice of the user's stands.
function mux.init()
  forget()
  for port in pairs(registered) do
    if not is_users(port) then UDP_PORTS:add(port, mux) end
  end
end
pcall(function() UDP_PORTS:add_for_decode_as(mux) end)

-- On other ports, only what leaves no doubt opens a conversation; the rest of it follows.
mux:register_heuristic("udp", function(tvb, pinfo, tree)
  if not settings.heuristic or is_users(pinfo.src_port) or is_users(pinfo.dst_port) then return false end
  local payload = captured_len(tvb) > 0 and octets_of(tvb) or ""
  local row = classify(payload, reported_len(tvb))
  if not row.opens then return false end
  take_conversation(pinfo)
  dissect(row, payload, tvb, pinfo, tree)
  return true
end)
