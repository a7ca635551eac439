-- Bodies within the body --------------------------------------------------------------------------------------------

-- Bodies within the body (RFC 2046 section 5.1, RFC 3261 section 7.4). Wireshark's dissectors of multipart bodies and
-- of messages in messages inflate, without a bound, what a label inside the body names. Such a label is left where it
-- stands if its data keep the bound; otherwise its name is changed, and the data stay compressed.

local LEFT_ALONE = "Content-Encoding-Left-Alone:"
local MAX_LABELS = 32

local function holds_others(lines)
  for _, kind in ipairs(values(lines, "content-type")) do
    kind = lower(kind)
    if kind:find("multipart/", 1, true) or kind:find("message/", 1, true) then return true end
  end
  return false
end

-- Where the next label begins and where its line ends; nil when none is left.
local function next_label(text, at)
  while at <= #text do
    local stop = text:find("[\r\n]", at) or #text + 1
    if header(text:sub(at, stop - 1)) == "content-encoding" then return at, stop end
    at = stop + 1
  end
end

-- What data that begin with a compressed stream inflate to. Nil when they do not, or when any way to read them goes
-- beyond the bound: which one Wireshark takes differs.
local function within(data, bound)
  local octets, _, status = read_stream(data, 1, bound)
  if status == OVER_LIMIT then return nil end
  local found = status == "complete" and octets or nil
  for _, read in ipairs({ read_zlib, read_gzip }) do
    local layer = read(data, 1, bound)
    if layer and layer.status == OVER_LIMIT then return nil end
    if layer and layer.status == "complete" then found = layer.octets end
  end
  return found
end

-- The text as Wireshark may have it, and how many labels were changed. What inflates to further labels counts as beyond
-- the bound.
local function withhold(text, bound)
  local pieces, written, changed, seen = {}, 1, 0, 0
  local start, stop = next_label(text, 1)
  while start do
    seen = seen + 1
    local found = seen <= MAX_LABELS and within(text:sub((select(2, head(text, start)))), bound)
    if found and not next_label(found, 1) then
      bound = bound - #found
    else
      pieces[#pieces + 1] = text:sub(written, start - 1) .. LEFT_ALONE
      written, changed = text:find(":", start, true) + 1, changed + 1
    end
    start, stop = next_label(text, stop + 1)
  end
  pieces[#pieces + 1] = text:sub(written)
  return table.concat(pieces), changed
end

-- Keep the bound inside the body, too: `handed` is what Wireshark may have of it, `changed` how many labels are not
-- those on the wire. Of several Content-Lengths Wireshark takes another one than this file does.
function guard(message, bound)
  message.handed, message.changed, message.ambiguous = message.text, 0, false
  if not (holds_others(message.lines) or holds_others(message.recovered)) then return end
  message.handed, message.changed = withhold(message.text, bound)
  message.ambiguous = #values(message.lines, "content-length") > 1
end

-- Whether the SIP dissector must not have the message as it stands: it would inflate what is labelled deflate or gzip.
function needs_rebuilding(message)
  if message.changed > 0 or message.ambiguous then return true end
  if message.body.status == "unsupported" then
    for _, name in ipairs(codings(values(message.lines, "content-encoding"))) do
      if name == "deflate" or name == "gzip" then return true end
    end
    return false
  end
  return message.body.status ~= "identity" or #message.recovered > 0 or message.body.label ~= nil
end

-- Whether nothing that inflates gets an octet out of the text. Wireshark then takes it as it stands, labelled or not.
local function is_plain(text)
  if text == "" then return true end
  if read_zlib(text, 1, 1) or read_gzip(text, 1, 1) then return false end
  local octets, _, status = read_stream(text, 1, 1)
  return octets == "" and status == CORRUPT
end

-- The message with its body as plain text. Beyond the limit, and where an encoding is not decoded, headers only. The
-- label stays, so that filters find it, where it can do no harm.
function rebuild(message)
  local lines, status = {}, message.body.status
  local text = (status == OVER_LIMIT or status == "unsupported") and "" or message.handed
  local keeps_label = is_plain(text)
  for _, source in ipairs({ message.lines, message.recovered }) do
    for _, line in ipairs(source) do
      local name = header(line) or ""
      if #lines == 0 or not REBUILT[name] and (keeps_label or name ~= "content-encoding") then
        lines[#lines + 1] = line
      end
    end
  end
  lines[#lines + 1] = "Content-Length: " .. #text
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. text
end

