-- Preferences and fields --------------------------------------------------------------------------------------------

local function declare_preferences()
  prefs = mux.prefs
  prefs.ports = Pref.range("UDP ports", PORTS, "Ports on which the table decides what each datagram is", 65535)
  prefs.signalling_ports = Pref.range("Signalling ports", SIGNALLING_PORTS,
    "Ports of SIP without media: compressed bodies are read here too, and the media ports that SDP names are taken "
      .. "over", 65535)
  prefs.heuristic = Pref.bool("Take over other ports", HEURISTIC,
    "Take a conversation on any port as soon as it shows a SIP start line, STUN's cookie or ZRTP's")
  prefs.follow_sdp = Pref.bool("Follow SDP", true, "Take over the media ports and candidates that SDP names")
  prefs.look_into_turn = Pref.bool("Look into TURN", true,
    "Dissect the media, STUN and DTLS that ChannelData, Data and Send indications carry")
  prefs.inflate = Pref.bool("Inflate SIP bodies", true,
    "Hand the SIP dissector messages with their compressed bodies as plain text. Off: Wireshark inflates by itself "
      .. "what it can, without a bound")
  prefs.max_inflated = Pref.uint("Largest inflated body", MAX_INFLATED,
    "Bytes that a body may inflate to; beyond it, the headers alone are dissected")
  prefs.name_codecs = Pref.bool("Name FaceTime's payload types", true,
    "Say what a payload type without rtpmap probably is, in calls of FaceTime")
  prefs.add_rtpmap = Pref.bool("Add rtpmap to FaceTime's SDP", true,
    "Give the SDP dissector an a=rtpmap, marked as added, for each payload type of FaceTime's that has none: RTP "
      .. "streams then show the codec, and jitter in milliseconds")
end

-- Reading a preference is a search in Wireshark: what datagrams ask for is kept.
local function read_preferences()
  for _, name in ipairs({ "heuristic", "follow_sdp", "look_into_turn", "inflate", "max_inflated", "name_codecs",
    "add_rtpmap" }) do
    settings[name] = prefs[name]
  end
end

local STRENGTHS = { [0] = "none", "certain", "plausible" }
local STRENGTH_NUMBERS = { none = 0, certain = 1, plausible = 2 }

local function named(suffix) return NAME .. "." .. suffix end

local function declare_fields()
  fields = {
    type = ProtoField.uint8(named("type"), "Type", base.DEC, TYPES, nil, "What the datagram is"),
    strength = ProtoField.uint8(named("strength"), "Strength", base.DEC, STRENGTHS, nil,
      "Certain: the datagram itself shows it. Plausible: others may look the same"),
    reason = ProtoField.string(named("reason"), "Reason", nil, "What in the datagram shows its type"),
    body = ProtoField.none(named("body"), "Body", "The body of a SIP message that was compressed, or is labelled so"),
    encoding = ProtoField.string(named("body.encoding"), "Encoding found", nil, "How the body is really encoded"),
    label = ProtoField.string(named("body.label"), "Encoding on the label", nil, "What Content-Encoding says"),
    status = ProtoField.string(named("body.status"), "Status", nil, "How decoding the body ended"),
    compressed_length = ProtoField.uint32(named("body.compressed_length"), "Compressed length", base.DEC, nil, nil,
      "Bytes of compressed data"),
    inflated_length = ProtoField.uint32(named("body.inflated_length"), "Inflated length", base.DEC, nil, nil,
      "Bytes of the decoded body"),
    ratio = ProtoField.double(named("body.ratio"), "Ratio", "Inflated length over compressed length"),
    added = ProtoField.string(named("body.added"), "Line added to the SDP", nil, "A line that nobody sent"),
    codec = ProtoField.string(named("codec"), "Codec, probably", nil, "What a payload type without rtpmap probably is"),
    expert = ProtoField.string(named("expert"), "Remark", nil, "Any expert info of this plugin"),
  }
  mux.fields = fields
end

-- Each is a statement, and may be followed by a colon and what is known of it.
local function declare_experts()
  local WARN, NOTE, CHAT = expert.severity.WARN, expert.severity.NOTE, expert.severity.CHAT
  experts = {
    cut = { "The datagram is cut by the capture", expert.group.UNDECODED, NOTE },
    label = { "Label and data disagree", expert.group.PROTOCOL, NOTE },
    recovered = { "Headers are compressed", expert.group.PROTOCOL, NOTE },
    truncated = { "The compressed body is cut", expert.group.MALFORMED, WARN },
    corrupt = { "The compressed body is damaged", expert.group.MALFORMED, WARN },
    over_limit = { "The body inflates beyond the limit", expert.group.SECURITY, WARN },
    unsupported = { "The encoding is not decoded", expert.group.UNDECODED, NOTE },
    added = { "An rtpmap is added", expert.group.COMMENTS_GROUP or expert.group.PROTOCOL, CHAT },
  }
  local infos = {}
  for name, one in pairs(experts) do
    one.summary = one[1]
    one.info = ProtoExpert.new(named("expert." .. name), one.summary, one[2], one[3])
    infos[name] = one.info
  end
  mux.experts = infos
end

-- An unknown name raises in 3.4 and gives nil from 3.6 on.
local function dissector(name)
  local there, found = pcall(Dissector.get, name)
  return there and found or nil
end

local function equip(row, data)
  row.dissector = dissector(row.wireshark) or dissector(row.otherwise) or data
  row.text = DESCRIPTION .. ", " .. row.name .. " (" .. row.strength .. "): " .. row.reason
  row.media = row.name == "RTP"
  row.signalling = row.wireshark == "sip"
  row.strength_number = STRENGTH_NUMBERS[row.strength]
  -- What Wireshark has a name for is named, even where so little was captured that its dissector takes it for data.
  row.column = row.wireshark and row.wireshark ~= "data" and row.name or nil
end

