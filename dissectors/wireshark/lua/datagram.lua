-- The datagram ------------------------------------------------------------------------------------------------------

-- Wireshark searches for a method each time it is named: `begin` keeps those that every datagram needs.
local byte = string.byte
local call, octets_of, range_of, captured_len, reported_len, add, referenced, set_generated

-- Ports that the preferences name, ports of media that SDP named, and who had each of them before; kept by the part on
-- ports.
local registered, watched, previous = {}, {}, {}
local dissect_sip, name_codec, ask_previous, is_claimed

-- In Wireshark before 4.4, a dissector that runs out of captured octets jumps through Lua and leaves a level of its
-- stack behind; after some 200 no Lua works. There, what was captured is given as if it were all: running out of that
-- is an error that Lua sees.
local LEAKS

-- A dissector that meets something malformed throws. Wireshark has marked it by then, and what follows it must not be
-- blamed on Lua: hence `pcall`.
local function hand_over(dissector, tvb, pinfo, tree)
  if LEAKS and captured_len(tvb) < reported_len(tvb) then tvb = tvb(0, captured_len(tvb)):tvb() end
  pcall(call, dissector, tvb, pinfo, tree)
end

-- One of our expert infos; `mux.expert` finds them all.
local function tell(item, name, detail)
  local text = detail and detail ~= "" and experts[name].summary .. ": " .. detail or experts[name].summary
  set_generated(add(item, fields.expert, text)):add_proto_expert_info(experts[name].info, text)
end

local function show(row, tvb, tree)
  local captured, length = captured_len(tvb), reported_len(tvb)
  local item = add(tree, mux, range_of(tvb, 0, captured), row.text)
  set_generated(add(item, fields.reason, row.reason))
  set_generated(add(item, fields.type, row.type))
  set_generated(add(item, fields.strength, row.strength_number))
  if captured < length then tell(item, "cut", captured .. " of " .. length .. " bytes are in the capture") end
  return item
end

-- Where nobody looks at a field of ours or filters by one, none is worth the time: most datagrams are media.
local OURSELVES
local MEDIA_HEADER = 12

local function dissect(row, payload, tvb, pinfo, tree)
  if row.column and not (row.media and #payload >= MEDIA_HEADER) then pinfo.cols.protocol = row.column end
  if row.signalling then return dissect_sip(row, payload, tvb, pinfo, tree) end
  if referenced(tree, OURSELVES) then
    local item = show(row, tvb, tree)
    if row.media and settings.name_codecs then name_codec(HINTS[(byte(payload, 2) or 0) % 128], tvb, pinfo, item) end
  end
  hand_over(row.dissector, tvb, pinfo, tree)
end

-- BACnet's header passes for one of RTP, but for its second number, which is the datagram's length.
local function is_bacnet(payload, length)
  local first, second, high, low = byte(payload, 1, 4)
  return first == 0x81 and low and second <= 0x0C and high * 256 + low == length
end

-- A message with a damaged beginning may pass for a record that is encrypted. Of that, few octets can be read.
local function reads_as_text(payload)
  local begin = payload:sub(1, 64)
  local _, others = begin:gsub("[^\t\r\n -~]", "")
  return #begin >= 16 and 16 * others <= #begin
end

-- The row of a datagram, or nil where it is not ours.
local function row_of(payload, length)
  local row = classify(payload, length)
  if row.declined or row.media and is_bacnet(payload, length) or row.unread and reads_as_text(payload) then
    return nil
  end
  return row
end

-- What a conversation hands us still has the number by which IP chose UDP (RFC 768); a port table leaves its port.
local UDP = 17

local function take_conversation(pinfo)
  if not pinfo.visited then pinfo.conversation = mux end
end

-- Media are nearly everything: what two octets settle goes on at once, and nothing is asked that it does not need. By
-- those two octets, once they have come: the row, the length that it takes, and what the payload type may be.
local quick = {}

local function remember_media(payload)
  local first, second = byte(payload, 1, 2)
  local rows = second and REMAINING[first * 256 + second]
  if rows and rows.media and first ~= 0x81 then
    quick[payload:sub(1, 2)] = {
      row = rows.settled, least = math.max(rows.least, MEDIA_HEADER), hint = HINTS[second % 128],
    }
  end
end

local function dissect_datagram(tvb, pinfo, tree)
  local port = pinfo.match
  if port == UDP and not registered[UDP] then port = false end
  local captured = captured_len(tvb)
  if watched[port] and not registered[port] and not is_claimed(pinfo) then
    return ask_previous(port, tvb, pinfo, tree) and captured or 0
  end
  local media = captured >= MEDIA_HEADER and quick[octets_of(tvb, 0, 2)]
  if media and captured >= media.least then
    if port then take_conversation(pinfo) end
    if referenced(tree, OURSELVES) then
      local item = show(media.row, tvb, tree)
      if media.hint and settings.name_codecs then name_codec(media.hint, tvb, pinfo, item) end
    end
    if LEAKS and captured < reported_len(tvb) then tvb = tvb(0, captured):tvb() end
    pcall(call, media.row.dissector, tvb, pinfo, tree)
    return captured
  end
  local payload = octets_of(tvb)
  local row = row_of(payload, reported_len(tvb))
  if not row then return port and ask_previous(port, tvb, pinfo, tree) and captured or 0 end
  if port then take_conversation(pinfo) end
  dissect(row, payload, tvb, pinfo, tree)
  if row.media and not media then remember_media(payload) end
  return captured
end

-- With the preference, conversations on any port, once they show what leaves no doubt. Where heuristics come before the
-- ports, those of our ports, too: the bound on inflating has to hold.
local is_users

local function is_ours(pinfo)
  local source, destination = pinfo.src_port, pinfo.dst_port
  return registered[destination] and not is_users(destination) or registered[source] and not is_users(source)
end

local function try_datagram(tvb, pinfo, tree)
  local ours = is_ours(pinfo)
  if not ours then
    if not settings.heuristic or is_users(pinfo.src_port) or is_users(pinfo.dst_port) then return false end
  end
  local payload = captured_len(tvb) > 0 and octets_of(tvb) or ""
  local row = row_of(payload, reported_len(tvb))
  if not row or not (ours or row.opens) then return false end
  take_conversation(pinfo)
  dissect(row, payload, tvb, pinfo, tree)
  return true
end

-- What TURN carries, in ChannelData and in Data and Send indications. It may be TURN again, but not without end.
local MAX_CARRIED = 4
local carried = { frame = 0, depth = 0 }

local function try_carried(tvb, pinfo, tree)
  if not settings.look_into_turn or captured_len(tvb) == 0 then return false end
  if carried.frame ~= pinfo.number then carried.frame, carried.depth = pinfo.number, 0 end
  local payload = octets_of(tvb)
  local row = row_of(payload, reported_len(tvb))
  if not row or not row.carried or carried.depth >= MAX_CARRIED then return false end
  carried.depth = carried.depth + 1
  dissect(row, payload, tvb, pinfo, tree)
  carried.depth = carried.depth - 1
  return true
end

