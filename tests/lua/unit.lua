-- The plugin against a stub of Wireshark: lua unit.lua STUB PLUGIN INVITE. Prints each test's name; an error ends it.
-- INVITE is a file with a FaceTime INVITE whose body is zlib.
-- luacheck: read globals Dissector Proto
local stub_path, plugin_path, invite_path = arg[1], arg[2], arg[3]
local file = assert(io.open(invite_path, "rb"))
local invite = file:read("*a")
file:close()

local tests = {}

local function equal(found, wanted)
  if found ~= wanted then error(("%s is not %s"):format(tostring(found), tostring(wanted)), 2) end
end

local function loaded(change)
  local stub = dofile(stub_path)
  if change then change(stub) end
  stub.install()
  dofile(plugin_path)
  return stub
end

local STUN = "\0\1\0\0\33\18\164\66abcdefghijkl"
local RTP = "\128\104\0\1\0\0\0\1\0\0\0\1" .. ("x"):rep(20)

function tests.the_ports_are_registered_and_whoever_had_them_gets_them_back()
  local before = { name = "before" }
  local stub = loaded(function(stub) stub.ports[5060] = before end)
  equal(stub.ports[16402], stub.proto)
  equal(stub.ports[5060], stub.proto)
  stub.proto.prefs.ports, stub.proto.prefs.signalling_ports = "16384-16386,70000", ""
  stub.proto.prefs_changed()
  equal(stub.ports[16402], nil)
  equal(stub.ports[5060], before)
  equal(stub.ports[16385], stub.proto)
end

local SDP_OF_40000 = "INVITE sip:a SIP/2.0\r\n\r\nv=0\r\nc=IN IP4 203.0.113.9\r\nm=audio 40000 RTP/AVP 0\r\n"

function tests.decode_as_rtp_is_taken_back_and_anything_else_is_left_to_the_user()
  local stub = loaded()
  local other = Dissector.get("stun-udp")
  stub.ports[16402], stub.ports[5060] = Dissector.get("rtp"), other
  stub.proto.init()
  equal(stub.ports[16402], stub.proto)
  equal(stub.ports[5060], other)
end

function tests.preferences_that_change_do_not_displace_what_the_user_chose()
  local stub = loaded()
  local other = Dissector.get("stun-udp")
  stub.ports[7000], stub.ports[16402] = other, other
  stub.proto.prefs.ports = "7000-7001"
  stub.proto.prefs_changed()
  equal(stub.ports[7000], other)
  equal(stub.ports[7001], stub.proto)
  equal(stub.ports[16402], other)
end

function tests.neither_sdp_nor_the_heuristic_takes_a_port_from_the_user()
  local stub = loaded()
  stub.proto.prefs.heuristic = true
  stub.proto.prefs_changed()
  stub.ports[40000] = Dissector.get("dns")
  equal(stub.send(STUN, { heuristic = true, src_port = 4000, dst_port = 40000 }), false)
  equal(stub.send(STUN, { heuristic = true, src_port = 40000, dst_port = 4000 }), false)
  stub.send(SDP_OF_40000, { match = 17 })
  equal(stub.pinfo.conversation, nil)
  stub.ports[40000] = nil
  stub.send(SDP_OF_40000, { match = 17 })
  equal(stub.pinfo.conversation, stub.proto)
end

function tests.a_conversation_that_is_ours_is_not_taken_again()
  local stub = loaded()
  stub.send(RTP, { match = 17 })
  equal(stub.pinfo.conversation, nil)
  stub.proto.prefs.ports = "17"
  stub.proto.prefs_changed()
  stub.send(RTP, { match = 17 })
  equal(stub.pinfo.conversation, stub.proto)
end

function tests.the_column_names_what_wireshark_may_refuse()
  local stub = loaded()
  for octets, wanted in pairs({ [STUN:sub(1, 18)] = "STUN", ["INVITE sip:callee@"] = "SIP", ["\128"] = "RTP",
    [RTP] = "UDP", ["\5junk"] = "UDP" }) do
    stub.send(octets, { length = 60 })
    equal(stub.pinfo.cols.protocol, wanted)
  end
end

function tests.each_datagram_goes_to_wiresharks_own_dissector()
  local stub = loaded()
  for octets, wanted in pairs({ [STUN] = "stun-udp", [RTP] = "rtp", ["\128\201\0\1\0\0\0\1"] = "rtcp",
    ["BYE sip:a SIP/2.0\r\n\r\n"] = "sip", ["\5junk"] = "data", ["\r\n"] = "data", [""] = "data" }) do
    equal(stub.send(octets), #octets)
    equal(stub.calls[1].name, wanted)
    equal(stub.calls[1].octets, octets)
    equal(#stub.calls, 1)
    equal(stub.pinfo.conversation, stub.proto)
  end
end

function tests.a_revisited_datagram_leaves_the_conversation_alone()
  local stub = loaded()
  stub.send(STUN, { visited = true })
  equal(stub.pinfo.conversation, nil)
end

function tests.what_a_dissector_throws_is_its_own_affair()
  local stub = loaded()
  stub.malformed = true
  equal(stub.send(RTP), #RTP)
end

function tests.a_dissector_that_this_version_lacks_is_replaced()
  local stub = loaded(function(stub) stub.without = { srtcp = true, classicstun = true } end)
  stub.send("\128\200\0\1\0\0\0\1" .. ("x"):rep(20))
  equal(stub.calls[1].name, "rtcp")
end

function tests.the_length_is_udps_and_not_the_captured_one()
  local stub = loaded()
  stub.send("\128\104\0\1\0\0\0\1\0\0\0", { length = 172 })
  equal(stub.calls[1].name, "rtp")
  stub.send("\128\104\0\1\0\0\0\1\0\0\0")
  equal(stub.calls[1].name, "data")
end

function tests.a_compressed_body_is_handed_over_as_text_and_its_header_says_so()
  local stub = loaded()
  stub.send(invite)
  local handed = stub.calls[1].octets
  assert(handed:find("\r\n\r\nv=0\r\n", 1, true))
  assert(handed:find("\r\nContent-Length: 449\r\n", 1, true))
  assert(not handed:find("\r\ne:", 1, true) and not handed:find("\r\nl:", 1, true))
  equal(stub.fields["mux.type"], 1)
  equal(stub.fields["mux.body.encoding"], "zlib")
  equal(stub.fields["mux.body.label"], "deflate")
  equal(stub.fields["mux.body.status"], "complete")
  equal(stub.fields["mux.body.compressed_length"], 280)
  equal(stub.fields["mux.body.inflated_length"], 449)
  assert(stub.fields["mux.body.ratio"] > 1.6)
  equal(next(stub.experts), nil)
end

function tests.fields_that_nobody_asks_for_are_left_out()
  local stub = loaded()
  stub.referenced = false
  stub.send(RTP)
  equal(next(stub.fields), nil)
  equal(stub.calls[1].name, "rtp")
end

function tests.beyond_the_bound_the_headers_alone_are_handed_over()
  local stub = loaded()
  stub.proto.prefs.max_inflated = 100
  stub.proto.prefs_changed()
  stub.send(invite)
  equal(stub.calls[1].octets:sub(-23), "\r\nContent-Length: 0\r\n\r\n")
  equal(stub.fields["mux.body.status"], "over limit")
  assert(stub.experts["mux.expert.over_limit"]:find("100 octets", 1, true))
end

function tests.a_label_that_lies_is_told()
  local stub = loaded()
  stub.send((invite:gsub("e: deflate", "e: gzip", 1)))
  assert(stub.experts["mux.expert.label"]:find("says gzip", 1, true))
  stub.send((invite:gsub("e: deflate\r\n", "", 1)))
  assert(stub.experts["mux.expert.label"]:find("no label", 1, true))
  assert(stub.calls[1].octets:find("\r\n\r\nv=0\r\n", 1, true))
end

function tests.no_encoding_hides_behind_another_line_end()
  local stub = loaded()
  local bomb = "INVITE sip:a SIP/2.0\ri: 1\re: deflate\r\r" .. invite:match("\r\n\r\n(.*)")
  stub.send(bomb)
  assert(not stub.calls[1].octets:find("deflate", 1, true))
  assert(stub.calls[1].octets:find("v=0", 1, true))
end

function tests.every_truncation_of_the_invite_is_handed_over_once_without_an_error()
  local stub = loaded()
  local whole = invite:find("\r\n\r\n", 1, true) + 4
  for size = 0, #invite do
    equal(stub.send(invite:sub(1, size), { length = #invite }), size)
    equal(#stub.calls, 1)
    -- 18 octets: the INVITE's method, a space, and enough of the URI to know its scheme.
    if size >= 18 then equal(stub.calls[1].name, "sip") end
    if size > whole + 2 and size < #invite then
      equal(stub.fields["mux.body.status"], "truncated")
      assert(stub.experts["mux.expert.truncated"])
    end
  end
end

function tests.a_payload_type_of_facetime_is_named_where_no_rtpmap_names_it()
  local stub = loaded()
  stub.send(RTP)
  equal(stub.fields["mux.codec"], nil)
  stub.send("INVITE sip:a SIP/2.0\r\nCall-ID: 1\r\nUser-Agent: Viceroy 1.4\r\n\r\n"
    .. "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 16402 RTP/AVP 104 106\r\na=rtpmap:106 X/8000\r\n")
  stub.send(RTP)
  assert(stub.fields["mux.codec"]:find("AAC-ELD", 1, true))
  assert(stub.fields["mux.codec"]:find("24000 Hz", 1, true))
  stub.send((RTP:gsub("\104", "\106", 1)))
  equal(stub.fields["mux.codec"], nil)
end

function tests.the_ports_of_the_packet_survive_the_claim_of_the_media_ports()
  local stub = loaded()
  stub.send(SDP_OF_40000)
  equal(stub.pinfo.conversation, stub.proto)
  equal(stub.pinfo.src, "192.0.2.1")
  equal(stub.pinfo.src_port, 16402)
  equal(stub.pinfo.dst_port, 16402)
end

function tests.the_heuristic_takes_what_leaves_no_doubt_and_only_when_it_is_on()
  local stub = loaded()
  local elsewhere = { heuristic = true, src_port = 4000, dst_port = 4001 }
  equal(stub.send(STUN, elsewhere), false)
  stub.proto.prefs.heuristic = true
  stub.proto.prefs_changed()
  equal(stub.send(STUN, elsewhere), true)
  equal(stub.send("ACK sip:a SIP/2.0\r\n\r\n", elsewhere), true)
  equal(stub.send(RTP, elsewhere), false)
  equal(stub.send("\128\201\0\1\0\0\0\1", elsewhere), false)
end

function tests.a_second_one_says_that_it_is_a_second_one()
  loaded()
  local fine, why = pcall(dofile, plugin_path)
  equal(fine, false)
  assert(why:find("\"mux\" exists already", 1, true))
  assert(why:find("installed twice", 1, true) and why:find("--name", 1, true))
end

function tests.an_older_wireshark_is_told_why_nothing_is_loaded()
  local fine, why = pcall(loaded, function(stub) stub.version = "3.2.18" end)
  equal(fine, false)
  assert(why:find("made for Wireshark 3.4 to 4.6, and this is 3.2.18", 1, true))
  equal(Proto ~= nil, true)
end

function tests.a_newer_wireshark_without_something_needed_is_told_so()
  local fine, why = pcall(loaded, function(stub)
    stub.version = "5.0.0"
    local install = stub.install
    function stub.install()
      install()
      _G.ProtoExpert = nil
    end
  end)
  equal(fine, false)
  assert(why:find("has no ProtoExpert", 1, true))
end

local names = {}
for name in pairs(tests) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do
  local fine, why = pcall(tests[name])
  if not fine then
    io.stderr:write(name, ": ", tostring(why), "\n")
    os.exit(1)
  end
  print(name)
end
