-- Reading SIP -------------------------------------------------------------------------------------------------------

-- A SIP message (RFC 3261 section 7) as far as its body needs it. Lines end as Wireshark ends them (CR LF, LF or CR):
-- its SIP dissector never sees an encoding where this file saw none.

-- The lines from `at` to the empty one, the place after that, and whether it was there. A line without end is left out.
local function head(octets, at)
  local lines = {}
  while true do
    local stop = octets:find("[\r\n]", at)
    if not stop then return lines, #octets + 1, false end
    local line = octets:sub(at, stop - 1)
    at = octets:find("^\r\n", stop) and stop + 2 or stop + 1
    if line == "" then return lines, at, true end
    lines[#lines + 1] = line
  end
end

-- Lines with their continuations joined by one space (section 7.3.1).
local function unfold(lines)
  local folded = false
  for place = 2, #lines do folded = folded or lines[place]:find("^[ \t]") end
  if not folded then return lines end
  local unfolded, pending = {}, {}
  for _, line in ipairs(lines) do
    if #pending > 0 and line:find("^[ \t]") then
      pending[#pending + 1] = trimmed(line)
    else
      if #pending > 0 then unfolded[#unfolded + 1] = table.concat(pending, " ") end
      pending = { line }
    end
  end
  if #pending > 0 then unfolded[#unfolded + 1] = table.concat(pending, " ") end
  return unfolded
end

-- The long names of headers in lower case, by the names as they are written: the same few come in every message.
local MAX_NAMES = 256
local long_names, names_kept = {}, 0

local function long_name(written)
  local name = long_names[written]
  if name then return name end
  name = lower(trimmed(written))
  name = COMPACT[name] or name
  if names_kept < MAX_NAMES then long_names[written], names_kept = name, names_kept + 1 end
  return name
end

-- The long name of a header in lower case, and its value; nil where no name stands before a colon.
function header(line)
  local colon = line:find(":", 1, true)
  if not colon then return nil end
  return long_name(line:sub(1, colon - 1)), trimmed(line:sub(colon + 1))
end

-- What is rebuilt rather than handed on.
local REBUILT = {
  ["content-length"] = true, ["comp-hdrs"] = true, ["headers-encoding"] = true, ["headers-algo"] = true,
}

-- The values of a header's fields. Lines are read once, when they are whole: several headers are asked for.
local NONE = {}

function values(lines, wanted)
  local by_name = lines.by_name
  if not by_name then
    by_name = {}
    for _, line in ipairs(lines) do
      local name, value = header(line)
      local found = name and by_name[name]
      if found then found[#found + 1] = value elseif name then by_name[name] = { value } end
    end
    lines.by_name = by_name
  end
  return by_name[wanted] or NONE
end

-- Headers of which only one may stand; Content-Length is compressed with others in its old form.
local ONCE = { "from", "to", "call-id", "cseq", "content-type", "max-forwards" }
local BEGIN_WITH_LINES = { message = true, multipart = true, text = true }

-- Whether the lines before an empty one are headers of the message, not the beginning of a body that goes on `at`:
-- who compresses headers with a body takes them out of the message, and compresses its Content-Length, too.
local function are_of_message(inside, lines, octets, at)
  local kind = lower(values(lines, "content-type")[1] or "")
  local begins_with_lines = BEGIN_WITH_LINES[kind:match("^([^;/]*)/")]
  if #inside == 0 then return not begins_with_lines end
  if kind:find("^message/") then return false end
  for _, name in ipairs(ONCE) do
    if values(lines, name)[1] and values(inside, name)[1] then return false end
  end
  local typed = kind:find("^[^;]") or values(inside, "content-type")[1] or octets:find("^v=0", at)
  if begins_with_lines or not typed then
    return tonumber(values(inside, "content-length")[1]) == #octets + 1 - at
  end
  return true
end

-- Header lines that were compressed before the body or into Comp-Hdrs, and the body without them.
local function recover(lines, body, max_inflated)
  local recovered, octets, notes = {}, body.octets, {}
  local blob = values(lines, "comp-hdrs")[1]
  if blob then
    local found = inflate(blob, { "deflate", "base64" }, max_inflated)
    if found.status ~= "identity" and found.status ~= "unsupported" then
      recovered = unfold((head(trimmed(found.octets:sub(1, 65535)) .. "\n", 1)))
    end
    notes[1] = #recovered .. " headers are compressed in Comp-Hdrs"
  end
  if body.status == "identity" or body.status == "unsupported" then return recovered, octets, notes end
  local inside, at, whole = head(octets:sub(1, 65535), 1)
  if not whole then return recovered, octets, notes end
  inside = unfold(inside)
  for _, line in ipairs(inside) do
    if not HEADER_NAMES[lower(line:match("^[^:]*"))] then return recovered, octets, notes end
  end
  if not are_of_message(inside, lines, octets, at) then return recovered, octets, notes end
  for _, line in ipairs(inside) do recovered[#recovered + 1] = line end
  notes[#notes + 1] = #inside > 0 and #inside .. " headers are compressed with the body"
    or "the inflated body begins with an empty line"
  return recovered, octets:sub(at), notes
end

-- Content-Length bounds the body where it is a number that fits (section 20.14).
local function extent(lines, left)
  local said = values(lines, "content-length")[1]
  local length = said and #said <= 10 and said:find("^[0-9]+$") and tonumber(said)
  return length and length < left and length or left
end

-- Read a message: its unfolded header `lines` (the start line is the first), its `body` as `inflate` gives it with
-- `text` as it finally reads, `recovered` header lines, and where the raw body stands. Nil without a header block.
function read_message(payload, max_inflated)
  local begin = payload:find("[^\r\n]") or #payload + 1
  local lines, at, whole = head(payload, begin)
  if not whole then return nil end
  lines = unfold(lines)
  local raw = payload:sub(at, at + extent(lines, #payload + 1 - at) - 1)
  local body = inflate(raw, values(lines, "content-encoding"), max_inflated)
  local recovered, text, notes = recover(lines, body, max_inflated)
  for _, phrase in ipairs(notes) do body.notes[#body.notes + 1] = phrase end
  return { begin = begin, lines = lines, body = body, text = text, recovered = recovered, at = at, raw = raw }
end

