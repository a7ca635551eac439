-- Bodies that were compressed ---------------------------------------------------------------------------------------

-- A body that was compressed, whatever its label says (RFC 3261 section 20.12): the octets decide, the label only says
-- where to look first.

-- UTF-8 (RFC 3629 section 4): how a character goes on, by its first octet.
local CONTINUED = {}
do
  local function from(low, high, pattern)
    for octet = low, high do CONTINUED[octet] = "^" .. pattern .. "()" end
  end
  local more = "[\128-\191]"
  from(0xC2, 0xDF, more)
  from(0xE0, 0xE0, "[\160-\191]" .. more)
  from(0xE1, 0xEC, more .. more)
  from(0xED, 0xED, "[\128-\159]" .. more)
  from(0xEE, 0xEF, more .. more)
  from(0xF0, 0xF0, "[\144-\191]" .. more .. more)
  from(0xF1, 0xF3, more .. more .. more)
  from(0xF4, 0xF4, "[\128-\143]" .. more .. more)
end
local MISSING = { "\128", "\160\128", "\128\128", "\144\128\128", "\160\128\128", "\128\128\128" }

-- Whether `rest` is a character that was cut.
local function begins_a_character(rest)
  local pattern = CONTINUED[rest:byte(1)]
  if not pattern or #rest > 3 then return false end
  for _, missing in ipairs(MISSING) do
    for size = 1, #missing do
      local whole = rest:sub(2) .. missing:sub(-size)
      if whole:match(pattern) == #whole + 1 then return true end
    end
  end
  return false
end

-- UTF-8 without control characters, the last character perhaps cut.
function is_text(data)
  if data:find("[%z\1-\8\11\12\14-\31\127]") then return false end
  local at = data:find("[\128-\255]")
  while at do
    local pattern = CONTINUED[data:byte(at)]
    local after = pattern and data:match(pattern, at + 1)
    if not after then return begins_a_character(data:sub(at, at + 3)) and at + 3 > #data end
    at = data:find("[\128-\255]", after)
  end
  return true
end

local ALIASES = {
  ["x-gzip"] = "gzip", ["x-deflate"] = "deflate", ["zlib"] = "deflate", ["x-zlib"] = "deflate",
  ["x-base64"] = "base64",
}
local FULL_NAMES = { zlib = "zlib (RFC 1950)", gzip = "gzip (RFC 1952)", deflate = "bare deflate (RFC 1951)" }

-- Without white space at its ends. A loop, because a pattern with "$" tries every run of white space within, too.
local function trimmed(text)
  local first = text:find("[^ \t\r\n]")
  if not first then return "" end
  local last = #text
  while text:find("^[ \t\r\n]", last) do last = last - 1 end
  return text:sub(first, last)
end

-- The codings that the labels name, in the order of application, by their registered names.
local function codings(labels)
  local names = {}
  for _, label in ipairs(labels) do
    for token in label:gmatch("[^,]+") do
      local name = lower(trimmed(token))
      if name ~= "" and name ~= "identity" then names[#names + 1] = (ALIASES[name] or name):sub(1, 32) end
    end
  end
  return names
end

local function is_padding(text) return not text:find("[^\r\n%z]") end

local function starts_of(data)
  local stop = 0
  while stop < 8 and data:find("^[\r\n]", stop + 1) do stop = stop + 1 end
  return stop > 0 and { 1, stop + 1 } or { 1 }
end

local SNIFFED = { ["\120\1"] = true, ["\120\94"] = true, ["\120\156"] = true, ["\120\218"] = true, ["\31\139"] = true }

-- Every reading that the octets allow, the likeliest first, until `accept` takes one.
local function attempts(data, name, bound, accept)
  for _, start in ipairs(starts_of(data)) do
    if name ~= "" or SNIFFED[data:sub(start, start + 1)] then
      for _, read in ipairs({ read_zlib, read_gzip }) do
        local layer = read(data, start, bound)
        if layer then
          layer.leading = data:sub(1, start - 1)
          if accept(layer) then return layer end
        end
      end
    end
  end
  for _, start in ipairs(name ~= "" and starts_of(data) or {}) do
    local octets, stop, status = read_stream(data, start, bound)
    local layer = layer_of("deflate", octets, status, data, stop, "")
    layer.leading = data:sub(1, start - 1)
    -- Anything may look like a bare stream for a while: it has to end where the data does, or give text.
    local ended = status == OVER_LIMIT or status == "complete" and is_padding(layer.trailing)
    if layer.octets ~= "" and (ended or is_text(layer.octets)) and accept(layer) then return layer end
  end
end

local function note(layer, text)
  table.insert(layer.notes, 1, text)
end

-- The layer with what its label and its surroundings have to say.
local function compared(layer, name)
  if layer.trailing ~= "" then note(layer, #layer.trailing .. " bytes follow the compressed data") end
  if layer.leading ~= "" then note(layer, #layer.leading .. " bytes of CR and LF come before the compressed data") end
  if name ~= "" and layer.name ~= (name == "deflate" and "zlib" or name) then
    note(layer, "the label says " .. name .. ", the data is " .. FULL_NAMES[layer.name])
    layer.lies = true
  end
  return layer
end

-- Undo zlib, gzip or bare deflate, whichever it is; nil when it is none. `name` is the label or empty.
local function undeflate(data, name, bound)
  local text, partial = is_text(data), nil
  local function accept(layer)
    if layer.status == "complete" and not (text and not is_padding(layer.trailing)) then return true end
    if not partial or #layer.octets > #partial.octets then partial = layer end
    return false
  end
  local layer = attempts(data, name, bound, accept)
  if layer then return compared(layer, name) end
  if not partial or text then return nil end
  if partial.octets == "" and (name == "" or partial.name == "deflate") then return nil end
  return compared(partial, name)
end

local DIGITS = {}
for value = 0, 63 do
  local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  DIGITS[digits:byte(value + 1)] = value
end

-- RFC 4648 section 4, white space within it ignored; nil when it is none.
local function base64_digits(data)
  local packed = data:gsub("[ \t\r\n]", "")
  local _, last = packed:find("^[A-Za-z0-9+/]+")
  if not last or last < 4 or not packed:find("^=?=?$", last + 1) then return nil end
  return packed:sub(1, last), #packed
end

local function unbase64(data)
  local digits, size = base64_digits(data)
  if not digits then return nil end
  local pieces = {}
  for at = 1, #digits, 4 do
    local a, b, c, d = digits:byte(at, at + 3)
    if b then
      local value = DIGITS[a] * 262144 + DIGITS[b] * 4096 + (c and DIGITS[c] * 64 or 0) + (d and DIGITS[d] or 0)
      local three = string.char(math.floor(value / 65536), math.floor(value / 256) % 256, value % 256)
      pieces[#pieces + 1] = three:sub(1, d and 3 or c and 2 or 1)
    end
  end
  local layer = { name = "base64", octets = table.concat(pieces), status = "complete", notes = {} }
  layer.leading, layer.trailing = "", ""
  if size % 4 ~= 0 then layer.status, layer.notes = TRUNCATED, { "the base64 is cut or lacks its padding" } end
  return layer
end

-- A coding that is not decoded here; the data may still be one that is, or plain text.
local function foreign(data, name, bound)
  local layer = undeflate(data, "", bound)
  if layer then
    note(layer, "the label says " .. name .. ", the data is " .. FULL_NAMES[layer.name])
    layer.lies = true
    return layer
  end
  if is_text(data) then return nil end
  local notes = { name .. " is not decoded" }
  return { name = name, octets = data, status = "unsupported", notes = notes, leading = "", trailing = "" }
end

local READERS = { deflate = undeflate, gzip = undeflate, base64 = unbase64 }
local STACKED = 4

-- The coding to undo now: base64 as soon as the data looks like it, else the one applied last.
local function next_coding(pending, data)
  for place = 1, #pending - 1 do
    if pending[place] == "base64" and base64_digits(data) then return table.remove(pending, place) end
  end
  return table.remove(pending)
end

-- Undo one encoding after the other; the second list says why one was not undone.
local function peel(data, claimed, bound)
  if #claimed == 0 then
    local layer = undeflate(data, "", bound)
    if layer then
      note(layer, "the data is compressed, no label says so")
      layer.lies = true
    end
    return { layer }, {}
  end
  local pending, layers, refused = {}, {}, {}
  for place = math.max(1, #claimed - STACKED + 1), #claimed do pending[#pending + 1] = claimed[place] end
  if #claimed > STACKED then refused[1] = "the label names " .. #claimed .. " codings, more than are undone" end
  while #pending > 0 do
    local above = layers[#layers]
    if above and above.status ~= "complete" and above.status ~= TRUNCATED then break end
    local name = next_coding(pending, data)
    local layer = (READERS[name] or foreign)(data, name, bound)
    if layer then
      layers[#layers + 1] = layer
      data = layer.octets
    else
      refused[#refused + 1] = "the label says " .. name .. ", the data is not"
    end
  end
  return layers, refused
end

-- What no datagram could carry uncompressed is refused beyond the ratio; what one could is never refused for it.
local function bound_of(size, max_inflated)
  return math.min(max_inflated, math.max(65535, size * MAX_RATIO))
end

-- Decode `data`; `labels` are the values of its Content-Encoding headers in order. Gives a table: `octets` (the part
-- before the break, or the input itself), `encoding` and `status` as muxshark names them, `compressed_length` without
-- what leads and trails, `notes` for people, and `lies` when label and data disagree.
function inflate(data, labels, max_inflated)
  local claimed = codings(labels)
  local found = {
    octets = data, encoding = "identity", status = "identity", compressed_length = #data, notes = {}, lies = false,
    label = #labels > 0 and table.concat(labels, ", ") or nil,
  }
  if data == "" then return found end
  local layers, refused = peel(data, claimed, bound_of(#data, max_inflated))
  found.notes, found.lies = refused, #refused > 0
  if #layers == 0 then return found end
  local names = {}
  found.status = "complete"
  for place, layer in ipairs(layers) do
    names[#layers - place + 1] = layer.name
    if found.status == "complete" then found.status = layer.status end
    found.lies = found.lies or layer.lies or false
    for _, text in ipairs(layer.notes) do found.notes[#found.notes + 1] = text end
  end
  local first = layers[1]
  if first.name == "base64" and claimed[#claimed] ~= "base64" then
    found.notes[#found.notes + 1] = "the label does not name base64 last, although it was applied last"
    found.lies = true
  end
  found.octets, found.encoding = layers[#layers].octets, table.concat(names, ", ")
  found.compressed_length = #data - #first.leading - #first.trailing
  return found
end

