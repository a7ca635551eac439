-- Messages of SIP ---------------------------------------------------------------------------------------------------

-- By media endpoint, bounded: when a table is full, it begins anew. All of it is made on the first pass.
--   facetime: whether it is FaceTime's   announced: payload types that have an rtpmap
--   codecs: by SSRC, which payload types go without a name
--   descriptions: by call, the SDP of both sides   pairs: by two endpoints, whether they are the two sides of a call
local MAX_REMEMBERED = 4096
local remembered, sizes

local function forget_all(kind) remembered[kind], sizes[kind] = {}, 0 end

local function forget()
  remembered, sizes = {}, {}
  for _, kind in ipairs({ "facetime", "announced", "codecs", "descriptions", "pairs" }) do forget_all(kind) end
end
forget()

local function remember(kind, key, value)
  if remembered[kind][key] == nil then
    if sizes[kind] >= MAX_REMEMBERED then forget_all(kind) end
    sizes[kind] = sizes[kind] + 1
  end
  remembered[kind][key] = value
end

local function place_of(address, port) return tostring(address) .. " " .. port end

-- FaceTime's mark: the name of its stack, or the user name of its SDP.
local function is_facetime(message)
  for _, name in ipairs({ "user-agent", "server" }) do
    local value = values(message.lines, name)[1]
    if value and value:find("^Viceroy") then return true end
  end
  return message.text:find("o=GKVoiceChatService ", 1, true) ~= nil
end

-- FaceTime names no codec by rtpmap, and without a clock rate Wireshark has no jitter in milliseconds. An rtpmap that
-- is added is followed by a line that says so. Gives the text and what was added.
local ADDED = "a=x-%s:nobody sent the line above, it is what payload type %d probably is\r\n"

local function with_rtpmaps(text)
  local pieces, added, payload_types = {}, {}, {}
  local function end_media()
    for _, payload_type in ipairs(payload_types) do
      local hint = HINTS[payload_type]
      if hint and hint.rtpmap and not payload_types[hint] then
        local line = ("a=rtpmap:%d %s"):format(payload_type, hint.rtpmap)
        added[#added + 1] = line
        pieces[#pieces + 1] = line .. "\r\n" .. ADDED:format(NAME, payload_type)
        payload_types[hint] = true
      end
    end
    payload_types = {}
  end
  for line in text:gmatch("[^\n]+\n?") do
    if line:sub(1, 2) == "m=" then
      end_media()
      local formats = line:match("^m=%S+ %d%S* %S*RTP/%S+ ([%d ]+)") or ""
      for payload_type in formats:gmatch("%d+") do payload_types[#payload_types + 1] = tonumber(payload_type) end
    end
    local announced = HINTS[tonumber(line:match("^a=rtpmap:(%d+) ")) or -1]
    if announced then payload_types[announced] = true end
    pieces[#pieces + 1] = line:sub(-1) == "\n" and line or line .. "\r\n"
  end
  end_media()
  return table.concat(pieces), added
end

local EXPERT_OF_STATUS = { truncated = "truncated", corrupt = "corrupt", ["over limit"] = "over_limit",
  unsupported = "unsupported" }

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
      local hundredths = math.floor(100 * inflated / body.compressed_length + 0.5)
      shown:add(fields.ratio, raw, hundredths / 100):set_text(("Ratio: %.2f"):format(hundredths / 100)):set_generated()
    end
  end
  local why = table.concat(body.notes, "; ")
  if body.lies then tell(shown, "label", why) end
  if #message.recovered > 0 then tell(shown, "recovered", #message.recovered .. " of them") end
  if EXPERT_OF_STATUS[body.status] then
    local bound = body.status == "over limit" and "headers only, after " .. #body.octets .. " bytes" or nil
    if why ~= "" then bound = bound and bound .. "; " .. why or why end
    tell(shown, EXPERT_OF_STATUS[body.status], bound)
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
    tell(item, "over_limit", message.changed .. " encodings inside the body are not undone, or are not what they are "
      .. "called")
  end
  if settings.inflate and settings.add_rtpmap and message.facetime and message.handed:find("^v=0\r?\n") then
    local text, added = with_rtpmaps(message.handed)
    for _, line in ipairs(added) do
      set_generated(add(item, fields.added, line))
      changed = true
    end
    if #added > 0 then
      message.handed = text
      tell(item, "added", #added .. " lines of the SDP below are not the sender's")
    end
  end
  if changed and settings.inflate then
    return ByteArray.new(rebuild(message), true):tvb("SIP, body inflated"), message
  end
  return message.begin > 1 and tvb(message.begin - 1):tvb() or tvb, message
end

local follow_sdp

function dissect_sip(row, payload, tvb, pinfo, tree)
  local given, message = readable(payload, tvb, show(row, tvb, tree))
  hand_over(row.dissector, given, pinfo, tree)
  if message and not pinfo.visited then follow_sdp(message, pinfo) end
end

-- Whether a payload type of a stream goes without an rtpmap, in a call of FaceTime. A stream's payload types are those
-- of its receiver's SDP (RFC 3264 section 5.1).
local function is_unnamed(payload_type, pinfo)
  local to, from = place_of(pinfo.dst, pinfo.dst_port), place_of(pinfo.src, pinfo.src_port)
  if not (remembered.facetime[to] or remembered.facetime[from]) then return false end
  local announced = remembered.announced[to] or remembered.announced[from]
  return not (announced and announced[payload_type])
end

-- The answer holds for a stream, by its SSRC, until SDP says something new.
function name_codec(hint, tvb, pinfo, item)
  if not hint then return end
  local ssrc = captured_len(tvb) >= MEDIA_HEADER and octets_of(tvb, 8, 4)
  local answers = ssrc and remembered.codecs[ssrc] or {}
  if answers[hint] == nil then
    answers[hint] = is_unnamed(byte(octets_of(tvb, 1, 1)) % 128, pinfo)
    if ssrc then remember("codecs", ssrc, answers) end
  end
  if answers[hint] then set_generated(add(item, fields.codec, hint.codec)) end
end

