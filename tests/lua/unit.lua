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
  equal(stub.send(STUN, { heuristic = "udp", src_port = 4000, dst_port = 40000 }), false)
  equal(stub.send(STUN, { heuristic = "udp", src_port = 40000, dst_port = 4000 }), false)
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
    ["BYE sip:a SIP/2.0\r\n\r\n"] = "sip", ["\r\n"] = "data", [""] = "data",
    ["\13\17\34\51\68\85\102\119\136Q043\1\0\0\0"] = "gquic",
    ["\195Q046P\1\0"] = "gquic", ["\195Q050P\1\0"] = "quic" }) do
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
  equal(stub.send("\128\104\0\1\0\0\0\1\0\0\0"), 0)
end

function tests.a_compressed_body_is_handed_over_as_text_and_its_header_says_so()
  local stub = loaded()
  stub.send(invite)
  local handed = stub.calls[1].octets
  assert(handed:find("\r\n\r\nv=0\r\n", 1, true))
  local head_end = select(2, handed:find("\r\n\r\n", 1, true))
  equal(tonumber(handed:match("\r\nContent%-Length: (%d+)\r\n")), #handed - head_end)
  assert(handed:find("\r\ne: deflate\r\n", 1, true) and not handed:find("\r\nl:", 1, true))
  equal(stub.fields["mux.type"], 1)
  equal(stub.fields["mux.body.encoding"], "zlib")
  equal(stub.fields["mux.body.label"], "deflate")
  equal(stub.fields["mux.body.status"], "complete")
  equal(stub.fields["mux.body.compressed_length"], 280)
  equal(stub.fields["mux.body.inflated_length"], 449)
  equal(stub.fields["mux.body.ratio"], 1.6)
  equal(next(stub.experts), "mux.expert.added")
  equal(next(stub.experts, "mux.expert.added"), nil)
end

function tests.fields_that_nobody_asks_for_are_left_out()
  local stub = loaded()
  stub.referenced = false
  stub.send(RTP)
  equal(next(stub.fields), nil)
  equal(stub.calls[1].name, "rtp")
end

function tests.media_that_go_on_at_once_are_judged_like_the_first_of_their_kind()
  local stub = loaded()
  stub.referenced = false
  -- The second of a kind is known by its first two octets: it may still be too short, or none of ours.
  for _, octets in ipairs({ RTP, RTP, RTP:sub(1, 12) }) do
    equal(stub.send(octets), #octets)
    equal(stub.calls[1].name, "rtp")
    equal(stub.pinfo.conversation, stub.proto)
  end
  equal(stub.send(RTP:sub(1, 11)), 0)
  equal(stub.send("\128\201\0\1\0\0\0\1\0\0\0\0\0\0\0\0"), 16)
  equal(stub.calls[1].name ~= "rtp", true)
  local bacnet = "\129\10\0\22\1\4" .. ("\0"):rep(16)
  equal(stub.send("\129\10\0\1" .. bacnet:sub(5)), 22)
  equal(stub.send(bacnet), 0)
end

function tests.of_media_whose_kind_is_known_few_octets_are_read_even_where_fields_are_shown()
  local stub = loaded()
  stub.send(RTP)
  equal(stub.copied >= #RTP, true)
  for _ = 1, 2 do stub.send(RTP) end
  equal(stub.fields["mux.type"], 9)
  equal(stub.fields["mux.reason"], "version 2 and a header that fits")
  equal(stub.copied < 12, true)
  equal(stub.calls[1].octets, RTP)
end

function tests.lua_collects_less_often_but_where_it_holds_much()
  local stub = loaded()
  collectgarbage()
  stub.proto.init()
  local percent = collectgarbage("setpause", 200)
  equal(percent > 300 and percent <= 1000, true)
  local held = ("x"):rep(40 * 1024 * 1024)
  stub.proto.init()
  equal(collectgarbage("setpause", 200), 200)
  equal(#held, 40 * 1024 * 1024)
end

function tests.beyond_the_bound_the_headers_alone_are_handed_over()
  local stub = loaded()
  stub.proto.prefs.max_inflated = 100
  stub.proto.prefs_changed()
  stub.send(invite)
  equal(stub.calls[1].octets:sub(-23), "\r\nContent-Length: 0\r\n\r\n")
  equal(stub.fields["mux.body.status"], "over limit")
  assert(stub.experts["mux.expert.over_limit"]:find("100 bytes", 1, true))
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
  assert(stub.calls[1].octets:find("\r\n\r\nv=0", 1, true))
end

function tests.every_truncation_of_the_invite_is_handed_over_once_without_an_error()
  local stub = loaded()
  local whole = invite:find("\r\n\r\n", 1, true) + 4
  for size = 0, #invite do
    -- 11 octets: the INVITE's method, a space, and enough of the URI to know its scheme.
    equal(stub.send(invite:sub(1, size), { length = #invite }), size >= 11 and size or 0)
    equal(#stub.calls, size >= 11 and 1 or 0)
    if size >= 11 then equal(stub.calls[1].name, "sip") end
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
  stub.send(RTP)
  assert(stub.fields["mux.codec"])
  stub.send("INVITE sip:a SIP/2.0\r\nCall-ID: 1\r\nUser-Agent: Viceroy 1.4\r\n\r\n"
    .. "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 16402 RTP/AVP 104\r\na=rtpmap:104 X/8000\r\n")
  stub.send(RTP)
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
  local elsewhere = { heuristic = "udp", src_port = 4000, dst_port = 4001 }
  equal(stub.heuristics.udp, nil)
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

function tests.what_the_table_does_not_know_is_declined_and_claims_nothing()
  local stub = loaded()
  for _, octets in ipairs({ "\5junk", "d1:ad2:id20:", "\129\10\0\22\1\4" .. ("\0"):rep(16) }) do
    equal(stub.send(octets), 0)
    equal(#stub.calls, 0)
    equal(stub.pinfo.conversation, nil)
    equal(next(stub.fields), nil)
  end
end

function tests.text_is_no_encrypted_record()
  local stub = loaded()
  local line = "%s\0ISTER sip:example.com SIP/2.0\r\n"
  equal(stub.send(line), 0)
  equal(stub.send(line .. ("\170"):rep(400)), #line + 400)
  equal(stub.send(line .. ("Via: x\r\n"):rep(8) .. ("\170"):rep(400)), 0)
  equal(stub.send("+1 and some words."), 0)
  equal(stub.send("+1 and s\1me w\2rds."), 18)
  equal(stub.send("+1 and some wo", { length = 400 }), 14)
end

function tests.whoever_had_the_port_before_is_asked_about_what_is_declined()
  local stub = loaded(function(stub)
    stub.install()
    stub.ports[5060] = Dissector.get("other")
  end)
  equal(stub.send("\5junk", { match = 5060 }), 5)
  equal(stub.calls[1].name, "other")
  equal(stub.pinfo.conversation, nil)
  equal(stub.send("\5junk", { match = 17 }), 0)
  equal(#stub.calls, 0)
  stub.malformed = true
  equal(stub.send("\5junk", { match = 5060 }), 5)
end

function tests.a_dissector_that_the_table_knows_is_not_asked_about_what_the_table_does_not_know()
  local stub = loaded(function(stub)
    stub.install()
    stub.ports[5060] = Dissector.get("sip")
  end)
  equal(stub.send("\5junk", { match = 5060 }), 0)
  equal(#stub.calls, 0)
  -- SigComp is SIP's and not the table's.
  equal(stub.send("\248\1\33\1sigcomp", { match = 5060 }), 11)
  equal(stub.calls[1].name, "sip")
end

function tests.a_dissector_gets_what_was_captured_as_if_it_were_all_where_running_out_of_it_would_harm_lua()
  for version, length in pairs({ ["3.4.10"] = 14, ["4.0.17"] = 14, ["4.2.2"] = 14, ["4.4.18"] = 172 }) do
    local stub = loaded(function(stub) stub.version = version end)
    for _, referenced in ipairs({ true, false }) do
      stub.referenced = referenced
      stub.send(RTP:sub(1, 14), { length = 172 })
      equal(stub.calls[1].length, length)
    end
    stub.referenced = true
    stub.send(RTP:sub(1, 14), { length = 172 })
    equal(stub.experts["mux.expert.cut"], "The datagram is cut by the capture: 14 of 172 bytes are in the capture")
    equal(stub.fields["mux.expert"], stub.experts["mux.expert.cut"])
  end
end

function tests.a_preference_of_another_protocol_takes_no_port_and_decode_as_does()
  local stub
  local function load_with_sip_on_5060()
    stub = loaded(function(fresh)
      fresh.install()
      fresh.ports[5060] = Dissector.get("sip")
    end)
    stub.ports[16402] = Dissector.get("sip")
  end
  load_with_sip_on_5060()
  stub.proto.init()
  equal(tostring(stub.ports[16402]), "SIP")
  load_with_sip_on_5060()
  stub.ports[5060] = Dissector.get("sip")
  stub.proto.init()
  equal(stub.ports[16402], stub.proto)
  equal(stub.ports[5060], stub.proto)
end

function tests.what_the_profile_keeps_as_decode_as_stands_whatever_preferences_say()
  local path = os.tmpname()
  for lines, wanted in pairs({
    ["# This file\ndecode_as_entry: udp.port,16402,(none),SIP\n"] = "SIP",
    ["decode_as_entry: udp.port,5060,MUX,SIP\ndecode_as_entry: udp.port,16402,(none),SIP\n"] = "MUX",
    ["decode_as_entry: tcp.port,16402,(none),SIP\n"] = "MUX",
  }) do
    local entries = assert(io.open(path, "w"))
    entries:write(lines)
    entries:close()
    local stub = loaded(function(stub)
      stub.install()
      stub.ports[5060], stub.decode_as_entries = Dissector.get("sip"), path
    end)
    stub.ports[5060], stub.ports[16402] = Dissector.get("sip"), Dissector.get("sip")
    stub.proto.init()
    equal(tostring(stub.ports[16402]), wanted)
  end
  os.remove(path)
end

function tests.where_heuristics_come_first_ours_takes_our_ports_and_no_others()
  local stub = loaded()
  stub.proto.init()
  equal(stub.heuristics.udp, nil)
  stub.wireshark = { ["udp.try_heuristic_first"] = true }
  stub.proto.init()
  equal(stub.send(RTP, { heuristic = "udp" }), true)
  equal(stub.pinfo.conversation, stub.proto)
  equal(stub.send("\5junk", { heuristic = "udp" }), false)
  equal(stub.send(STUN, { heuristic = "udp", src_port = 4000, dst_port = 4001 }), false)
end

function tests.an_older_wireshark_does_not_tell_whether_heuristics_come_first()
  local stub = loaded(function(stub)
    local install = stub.install
    function stub.install()
      install()
      _G.get_preference = nil
    end
  end)
  stub.proto.init()
  equal(stub.send(RTP, { heuristic = "udp" }), true)
end

function tests.what_turn_carries_is_looked_into()
  local stub = loaded()
  for _, list in ipairs({ "stun", "turnchannel" }) do
    for octets, wanted in pairs({ [RTP] = "rtp", ["\128\201\0\1\0\0\0\1"] = "rtcp", [STUN] = "stun-udp" }) do
      equal(stub.send(octets, { heuristic = list }), true)
      equal(stub.calls[1].name, wanted)
      equal(stub.pinfo.conversation, nil)
    end
    equal(stub.send("\5junk", { heuristic = list }), false)
    equal(stub.send("\64\0\0\4abcd", { heuristic = list }), false)
  end
  stub.proto.prefs.look_into_turn = false
  stub.proto.prefs_changed()
  equal(stub.send(RTP, { heuristic = "stun" }), false)
end

local OFFER = "INVITE sip:b SIP/2.0\r\nCall-ID: 7\r\n\r\n"
  .. "v=0\r\nc=IN IP4 10.0.0.9\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n"
  .. "a=candidate:1 1 UDP 2130706431 10.0.0.7 4100 typ host\r\n"
  .. "a=candidate:2 1 TCP 1 10.0.0.7 9 typ host\r\n"
  .. "a=candidate:3 1 udp 1 stranger.local 4100 typ host\r\n"
local ANSWER = "SIP/2.0 200 OK\r\nCall-ID: 7\r\n\r\nv=0\r\nc=IN IP4 203.0.113.5\r\nm=audio 5000 RTP/AVP 0\r\n"

function tests.once_both_sides_have_spoken_each_pair_of_endpoints_is_claimed()
  local stub = loaded()
  local there = { match = 17, src_port = 5062, dst_port = 5062, src = "198.51.100.1", dst = "192.0.2.8" }
  local back = { match = 17, src_port = 5062, dst_port = 5062, src = "192.0.2.8", dst = "198.51.100.1" }
  stub.send(OFFER, there)
  equal(table.concat(stub.claims, "\n"), "10.0.0.9:4000 192.0.2.8:9")
  stub.send(ANSWER, back)
  local claimed = {}
  for _, pair in ipairs(stub.claims) do claimed[pair] = true end
  for _, own in ipairs({ "203.0.113.5:5000", "192.0.2.8:5000" }) do
    for _, other in ipairs({ "10.0.0.9:4000", "198.51.100.1:4000", "10.0.0.7:4100" }) do
      equal(claimed[own .. " " .. other], true)
    end
  end
  equal(claimed["203.0.113.5:5000 10.0.0.7:9"], nil)
  equal(stub.pinfo.src, "192.0.2.8")
  equal(stub.pinfo.dst_port, 5062)
  stub.send((ANSWER:gsub("Call%-ID: 7", "Call-ID: 8")), back)
  equal(#stub.claims, 1)
end

function tests.each_payload_type_of_facetime_gets_one_rtpmap_that_is_marked_as_added()
  local stub = loaded()
  local head = "INVITE sip:a SIP/2.0\r\nCall-ID: 1\r\nUser-Agent: Viceroy 1.4\r\n\r\n"
  local sdp = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 16402 RTP/AVP 104 106 124 0\r\na=rtpmap:106 X/8000\r\n"
    .. "m=video 9 RTP/AVP 123"
  stub.send(head .. sdp)
  local handed = stub.calls[1].octets
  assert(handed:find("X/8000\r\na=rtpmap:104 AAC-ELD/24000\r\na=x-mux:nobody sent the line above", 1, true))
  assert(handed:find("123\r\na=rtpmap:123 H.264/90000\r\na=x-mux:", 1, true))
  equal(select(2, handed:gsub("a=rtpmap", "")), 3)
  equal(stub.experts["mux.expert.added"], "An rtpmap is added: 2 lines of the SDP below are not the sender's")
  stub.send((head:gsub("Viceroy", "Another")) .. sdp)
  equal(stub.calls[1].octets, (head:gsub("Viceroy", "Another")) .. sdp)
  stub.proto.prefs.add_rtpmap = false
  stub.proto.prefs_changed()
  stub.send(head .. sdp)
  equal(stub.calls[1].octets, head .. sdp)
end

function tests.the_label_is_taken_away_where_what_it_labels_could_be_inflated_again()
  local stub = loaded()
  local function stored(octets)
    return "\1" .. string.char(#octets, 0, 255 - #octets, 255) .. octets
  end
  for octets, kept in pairs({ ["v=0\r\n"] = true, [stored("v=0\r\n")] = false }) do
    stub.send("MESSAGE sip:a SIP/2.0\r\nContent-Encoding: deflate\r\n\r\n" .. stored(octets))
    equal(stub.calls[1].octets:sub(-#octets), octets)
    equal(stub.calls[1].octets:find("deflate", 1, true) ~= nil, kept)
  end
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
