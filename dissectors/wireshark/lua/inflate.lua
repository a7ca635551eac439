-- Inflating ---------------------------------------------------------------------------------------------------------

-- Deflate (RFC 1951), bare or as zlib (RFC 1950) or gzip (RFC 1952). Whatever could be read is given back, however it
-- ended: "complete", "truncated", "corrupt" or "over limit". Wireshark's own inflating has no bound on its output and
-- does not tell a truncated stream from a whole one, in any version: that is why this is here.

local TRUNCATED, CORRUPT, OVER_LIMIT = "truncated", "corrupt", "over limit"
local read_stream

do
  local POWERS = { [0] = 1 }
  for bit = 1, 16 do POWERS[bit] = POWERS[bit - 1] * 2 end

  -- RFC 1951 section 3.2.5: the length and distance that a symbol stands for, and how many further bits it takes.
  local LENGTHS, DISTANCES = {}, {}
  do
    local value = 3
    for symbol = 0, 27 do
      local extra = symbol < 8 and 0 or math.floor(symbol / 4) - 1
      LENGTHS[symbol] = { value, extra }
      value = value + POWERS[extra]
    end
    LENGTHS[28] = { 258, 0 }
    value = 1
    for symbol = 0, 29 do
      local extra = symbol < 4 and 0 or math.floor(symbol / 2) - 1
      DISTANCES[symbol] = { value, extra }
      value = value + POWERS[extra]
    end
  end

  -- Output is collected as characters, which Lua keeps once each.
  local CHARACTERS = {}
  for octet = 0, 255 do CHARACTERS[octet] = string.char(octet) end

  local CODE_LENGTH_ORDER = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 }

  -- Codes of at most so many bits are found at once, by the bits that come next.
  local AT_ONCE = 8
  local WINDOW = POWERS[AT_ONCE]

  -- An octet with its bits in the other order.
  local TURNED = {}
  for octet = 0, 255 do
    local turned, left = 0, octet
    for _ = 1, 8 do turned, left = turned * 2 + left % 2, math.floor(left / 2) end
    TURNED[octet] = turned
  end

  -- A list of so many false: Lua then fills it in any order without moving it.
  local function unset(count)
    local list = {}
    for place = 1, count do list[place] = false end
    return list
  end

  -- By each window of bits that a short code may begin (it comes with its first bit lowest), plus one: 32 times its
  -- symbol, and its size.
  local function windows(lengths, first, count, counts)
    local found, next_code = unset(WINDOW), { 0 }
    for size = 2, AT_ONCE do next_code[size] = (next_code[size - 1] + counts[size - 1]) * 2 end
    for place = first, first + count - 1 do
      local size = lengths[place]
      if size > 0 and size <= AT_ONCE then
        local code, weight = next_code[size], POWERS[size]
        next_code[size] = code + 1
        local entry = 32 * (place - first) + size
        for window = TURNED[code * POWERS[AT_ONCE - size]] + 1, WINDOW, weight do found[window] = entry end
      end
    end
    return found
  end

  -- A canonical Huffman code from code lengths (section 3.2.2). Only a code of one single bit may be incomplete.
  local function huffman(lengths, first, count, may_be_incomplete)
    local counts, symbols, offsets = { [0] = 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, unset(count), { 0 }
    for place = first, first + count - 1 do counts[lengths[place]] = counts[lengths[place]] + 1 end
    local left, longest = 1, 0
    for size = 1, 15 do
      left = left * 2 - counts[size]
      if left < 0 then error(CORRUPT, 0) end
      if counts[size] > 0 then longest = size end
      offsets[size + 1] = offsets[size] + counts[size]
    end
    if left > 0 and longest > 0 and not (may_be_incomplete and longest == 1) then error(CORRUPT, 0) end
    for place = first, first + count - 1 do
      local size = lengths[place]
      if size > 0 then
        symbols[offsets[size] + 1] = place - first
        offsets[size] = offsets[size] + 1
      end
    end
    local at_once = may_be_incomplete and windows(lengths, first, count, counts)
    return { counts = counts, symbols = symbols, at_once = at_once }
  end

  local FIXED_LENGTHS, FIXED_DISTANCES
  do
    local lengths = {}
    for symbol = 0, 287 do lengths[symbol] = symbol < 144 and 8 or symbol < 256 and 9 or symbol < 280 and 7 or 8 end
    FIXED_LENGTHS = huffman(lengths, 0, 288, true)
    for symbol = 0, 31 do lengths[symbol] = 5 end
    FIXED_DISTANCES = huffman(lengths, 0, 32, true)
  end

  -- A symbol of a code, bit by bit, from what is held of the octet before `at` and from what follows; then the same
  -- three anew.
  local function slow_symbol(code, data, held, count, at)
    local counts = code.counts
    local value, first, before = 0, 0, 0
    for size = 1, 15 do
      if count == 0 then
        held = byte(data, at)
        if not held then error(TRUNCATED, 0) end
        count, at = 8, at + 1
      end
      local bit = held % 2
      held, count = (held - bit) / 2, count - 1
      value = value + bit
      local number_of = counts[size]
      if value - number_of < first then return code.symbols[before + value - first + 1], held, count, at end
      before, first, value = before + number_of, (first + number_of) * 2, value * 2
    end
    error(CORRUPT, 0)
  end

  -- Bits from `data`, from the octet at `at` on, least significant first (section 3.1.1).
  local function reader(data, at)
    local held, count = 0, 0
    local self = { data = data }

    function self.bits(wanted)
      while count < wanted do
        local octet = byte(data, at)
        if not octet then error(TRUNCATED, 0) end
        held, count, at = held + octet * POWERS[count], count + 8, at + 1
      end
      local value = held % POWERS[wanted]
      held, count = (held - value) / POWERS[wanted], count - wanted
      return value
    end

    function self.symbol(code)
      local symbol
      symbol, held, count, at = slow_symbol(code, data, held, count, at)
      return symbol
    end

    -- Where the next octet begins: whole ones may have been fetched ahead.
    function self.position() return at - (count - count % 8) / 8 end

    -- The octets of a stored block stand on octets of their own.
    function self.octets()
      at = self.position()
      held, count = 0, 0
      local function octet()
        local value = byte(data, at)
        if not value then error(TRUNCATED, 0) end
        at = at + 1
        return value
      end
      return octet
    end

    -- A block of codes keeps its bits for itself and gives back what is left of them.
    function self.taken() return held, count, at end
    function self.give_back(bits, number_of, place) held, count, at = bits, number_of, place end

    return self
  end

  local function stored_block(input, output, bound)
    local octet = input.octets()
    local low, high, low_again, high_again = octet(), octet(), octet(), octet()
    if low + low_again ~= 255 or high + high_again ~= 255 then error(CORRUPT, 0) end
    local size = #output
    for _ = 1, high * 256 + low do
      local value = octet()
      if size >= bound then error(OVER_LIMIT, 0) end
      size = size + 1
      output[size] = CHARACTERS[value]
    end
  end

  -- Section 3.2.7: the code lengths of both codes, themselves coded.
  local function dynamic_codes(input)
    local literals, distances, used = input.bits(5) + 257, input.bits(5) + 1, input.bits(4) + 4
    if literals > 286 or distances > 30 then error(CORRUPT, 0) end
    local coded = {}
    for place = 1, 19 do coded[CODE_LENGTH_ORDER[place]] = place <= used and input.bits(3) or 0 end
    local code = huffman(coded, 0, 19, false)
    local lengths, place, total = {}, 0, literals + distances
    if code.counts[0] == 19 then
      -- No code at all: like zlib, take a bit for each length before the end of block is found to be missing.
      for _ = 1, total do input.bits(1) end
      error(CORRUPT, 0)
    end
    while place < total do
      local symbol = input.symbol(code)
      local value, times = symbol, 1
      if symbol == 16 then
        if place == 0 then error(CORRUPT, 0) end
        value, times = lengths[place - 1], 3 + input.bits(2)
      elseif symbol >= 17 then
        value, times = 0, symbol == 17 and 3 + input.bits(3) or 11 + input.bits(7)
      end
      if place + times > total then error(CORRUPT, 0) end
      for _ = 1, times do
        lengths[place] = value
        place = place + 1
      end
    end
    if lengths[256] == 0 then error(CORRUPT, 0) end
    return huffman(lengths, 0, literals, true), huffman(lengths, literals, distances, true)
  end

  -- Literals and copies (section 3.2.3). Of all that happens to a body this is nearly everything, hence one function.
  local function coded_block(input, output, bound, length_code, distance_code)
    local data, size = input.data, #output
    local held, count, at = input.taken()
    local lengths, distances = length_code.at_once, distance_code.at_once

    local function more(wanted)
      while count < wanted do
        local octet = byte(data, at)
        if not octet then error(TRUNCATED, 0) end
        held, count, at = held + octet * POWERS[count], count + 8, at + 1
      end
      local value = held % POWERS[wanted]
      held, count = (held - value) / POWERS[wanted], count - wanted
      return value
    end

    while true do
      local octet = count < AT_ONCE and byte(data, at)
      if octet then held, count, at = held + octet * POWERS[count], count + 8, at + 1 end
      local window = held % WINDOW
      local entry = lengths[window + 1]
      local used, symbol = entry and entry % 32
      if used and used <= count then
        symbol, held, count = (entry - used) / 32, (held - window % POWERS[used]) / POWERS[used], count - used
      else
        symbol, held, count, at = slow_symbol(length_code, data, held, count, at)
      end
      if symbol < 256 then
        if size >= bound then error(OVER_LIMIT, 0) end
        size = size + 1
        output[size] = CHARACTERS[symbol]
      elseif symbol == 256 then
        return input.give_back(held, count, at)
      else
        local length = LENGTHS[symbol - 257]
        if not length then error(CORRUPT, 0) end
        local copied = length[1] + (length[2] > 0 and more(length[2]) or 0)
        octet = count < AT_ONCE and byte(data, at)
        if octet then held, count, at = held + octet * POWERS[count], count + 8, at + 1 end
        window = held % WINDOW
        entry = distances[window + 1]
        used = entry and entry % 32
        if used and used <= count then
          symbol, held, count = (entry - used) / 32, (held - window % POWERS[used]) / POWERS[used], count - used
        else
          symbol, held, count, at = slow_symbol(distance_code, data, held, count, at)
        end
        local distance = DISTANCES[symbol]
        if not distance then error(CORRUPT, 0) end
        local back = distance[1] + (distance[2] > 0 and more(distance[2]) or 0)
        if back > size then error(CORRUPT, 0) end
        for place = size + 1, math.min(size + copied, bound) do output[place] = output[place - back] end
        size = size + copied
        if size > bound then error(OVER_LIMIT, 0) end
      end
    end
  end

  -- The bare stream at `at`: its octets, the place after it, and how it ended.
  function read_stream(data, at, bound)
    local input, output = reader(data, at), {}
    local whole, why = pcall(function()
      repeat
        local last, kind = input.bits(1), input.bits(2)
        if kind == 0 then
          stored_block(input, output, bound)
        elseif kind == 1 then
          coded_block(input, output, bound, FIXED_LENGTHS, FIXED_DISTANCES)
        elseif kind == 2 then
          coded_block(input, output, bound, dynamic_codes(input))
        else
          error(CORRUPT, 0)
        end
      until last == 1
    end)
    if whole then return table.concat(output), input.position(), "complete" end
    if why ~= TRUNCATED and why ~= CORRUPT and why ~= OVER_LIMIT then error(why, 0) end
    return table.concat(output), #data + 1, why
  end
end

local function adler32(octets)
  local low, high = 1, 0
  for place = 1, #octets, 4 do
    local a, b, c, d = byte(octets, place, place + 3)
    if d then
      high = high + 4 * (low + a) + 3 * b + 2 * c + d
      low = low + a + b + c + d
    else
      for last = place, #octets do
        low = low + byte(octets, last)
        high = high + low
      end
    end
    if place % 256 == 1 then low, high = low % 65521, high % 65521 end
  end
  low, high = low % 65521, high % 65521
  return string.char(math.floor(high / 256), high % 256, math.floor(low / 256), low % 256)
end

-- Exclusive or of two octets, made when the first gzip body comes: its checksum is the only use.
local XOR

local function make_xor()
  XOR = { [0] = { [0] = 0 } }
  local size = 1
  while size < 256 do
    for high = 0, size - 1 do
      local row, below = XOR[high], {}
      for low = 0, size - 1 do
        row[low + size], below[low], below[low + size] = row[low] + size, row[low] + size, row[low]
      end
      XOR[high + size] = below
    end
    size = size * 2
  end
end

-- CRC-32 (RFC 1952 section 8) in four octets, the lowest first, as gzip's trailer has it.
local CRC

local function make_crc()
  make_xor()
  CRC = {}
  for octet = 0, 255 do
    local a, b, c, d = octet, 0, 0, 0
    for _ = 1, 8 do
      local carry = a % 2
      a = math.floor(a / 2) + b % 2 * 128
      b = math.floor(b / 2) + c % 2 * 128
      c = math.floor(c / 2) + d % 2 * 128
      d = math.floor(d / 2)
      if carry == 1 then a, b, c, d = XOR[a][0x20], XOR[b][0x83], XOR[c][0xB8], XOR[d][0xED] end
    end
    CRC[octet] = { a, b, c, d }
  end
end

local function crc32(octets)
  if not CRC then make_crc() end
  local a, b, c, d = 255, 255, 255, 255
  for place = 1, #octets do
    local step = CRC[XOR[a][octets:byte(place)]]
    a, b, c, d = XOR[b][step[1]], XOR[c][step[2]], XOR[d][step[3]], step[4]
  end
  return string.char(255 - a, 255 - b, 255 - c, 255 - d)
end

local function layer_of(name, octets, status, data, stop, checksum)
  local layer = { name = name, octets = octets, status = status, notes = {}, leading = "", trailing = "" }
  if status ~= "complete" then return layer end
  local found = data:sub(stop, stop + #checksum - 1)
  if #found < #checksum then
    layer.status, layer.notes = TRUNCATED, { "the stream is whole, its checksum is cut" }
  else
    layer.trailing = data:sub(stop + #checksum)
    if found ~= checksum then layer.status, layer.notes = CORRUPT, { "the checksum is wrong" } end
  end
  return layer
end

-- RFC 1950: two octets of header, the stream, Adler-32. Nil when it does not begin as one.
local function read_zlib(data, start, bound)
  local method, flags = data:byte(start, start + 1)
  if not flags or method % 16 ~= 8 or method >= 128 or (method * 256 + flags) % 31 ~= 0 then return nil end
  if flags % 64 >= 32 then
    local layer = layer_of("zlib", "", CORRUPT)
    layer.notes = { "the data needs a preset dictionary" }
    return layer
  end
  local octets, stop, status = read_stream(data, start + 2, bound)
  return layer_of("zlib", octets, status, data, stop, status == "complete" and adler32(octets))
end

-- RFC 1952 section 2.3: where the stream of the member at `start` begins.
local function gzip_stream(data, start)
  local flags, at = data:byte(start + 3) or 0, start + 10
  local function has(flag) return math.floor(flags / flag) % 2 == 1 end
  if has(4) then
    local low, high = data:byte(at, at + 1)
    at = at + 2 + (low or 0) + (high or 0) * 256
  end
  for _, flag in ipairs({ 8, 16 }) do
    if has(flag) then at = (data:find("\0", at, true) or #data) + 1 end
  end
  return math.min(at + (has(2) and 2 or 0), #data + 1)
end

-- RFC 1952: members one after the other, each with its header, the stream, CRC-32 and length.
local function read_gzip(data, start, bound)
  local whole
  for _ = 1, 16 do
    if data:sub(start, start + 2) ~= "\31\139\8" then break end
    local before = whole and whole.octets or ""
    local octets, stop, status = read_stream(data, gzip_stream(data, start), bound - #before)
    local size = #octets
    local length = string.char(size % 256, math.floor(size / 256) % 256, math.floor(size / 65536) % 256, 0)
    whole = layer_of("gzip", octets, status, data, stop, status == "complete" and crc32(octets) .. length)
    whole.octets = before .. whole.octets
    if whole.status ~= "complete" then break end
    start = #data + 1 - #whole.trailing
  end
  return whole
end

