-- The words of the table --------------------------------------------------------------------------------------------

-- Offsets count octets from the start of the UDP payload; numbers are big-endian. `payload` is
-- what was captured, `length` what the UDP header claims: octets that were not captured satisfy no clause that looks at
-- them, while a clause about a chain or a line holds as far as the capture goes.

-- A number of `size` octets at `offset`, or nil where it is not whole.
local function number(payload, offset, size)
  local value = 0
  for place = offset + 1, offset + size do
    local octet = byte(payload, place)
    if not octet then return nil end
    value = value * 256 + octet
  end
  return value
end

-- Which octets, as keys, give `value` when masked with `mask`; arithmetic, because Lua 5.2 has no bit operators.
local function masked(mask, value)
  local octets = {}
  for octet = 0, 255 do
    local left, bits, weight, result = octet, mask, 1, 0
    while bits > 0 do
      if left % 2 == 1 and bits % 2 == 1 then result = result + weight end
      left, bits, weight = math.floor(left / 2), math.floor(bits / 2), weight * 2
    end
    if result == value then octets[octet] = true end
  end
  return octets
end

-- ASCII alone: string.lower follows the locale, and the wire does not.
local SMALL = {}
for octet = 65, 90 do SMALL[string.char(octet)] = string.char(octet + 32) end

function lower(text) return (text:gsub("[A-Z]", SMALL)) end

local HOLDS = {}

function HOLDS.AtLeast(clause, _, length)
  return length >= clause[2]
end

function HOLDS.AtMost(clause, _, length)
  return length <= clause[2]
end

function HOLDS.Bits(clause, payload)
  local octet = byte(payload, clause[2] + 1)
  return octet ~= nil and clause.octets[octet]
end

function HOLDS.Between(clause, payload)
  local value = number(payload, clause[2], clause[3])
  return value ~= nil and clause[4] <= value and value <= clause[5]
end

function HOLDS.U16(clause, payload)
  return number(payload, clause[2], 2) == clause[3]
end

function HOLDS.U32(clause, payload)
  return number(payload, clause[2], 4) == clause[3]
end

function HOLDS.Only(clause, payload, length)
  return #payload == length and not payload:find(clause.others)
end

function HOLDS.LengthField(clause, payload, length)
  local value = number(payload, clause[2], 2)
  if not value then return false end
  local left = length - (value * clause[3] + clause[4])
  return left >= 0 and left <= clause[5]
end

-- Whole elements follow one another; their checks, each of one octet, hold for every one of them.
function HOLDS.Chain(clause, payload, length)
  local start, length_at, unit, extra, align, checks = clause[2], clause[3], clause[4], clause[5], clause[6], clause[7]
  local first, captured, padding = start, #payload, clause[8]
  while start < length do
    if first < start and length - start <= padding and not payload:find("[^%z]", start + 1) then return true end
    for _, check in ipairs(checks) do
      local octet = byte(payload, start + check[2] + 1)
      if octet and not check.octets[octet] then return false end
    end
    if start + length_at + 2 > captured then return captured < length end
    local high, low = byte(payload, start + length_at + 1, start + length_at + 2)
    start = start + math.floor(((high * 256 + low) * unit + extra + align - 1) / align) * align
  end
  return start == length
end

-- The contributing sources and the extension that an RTP header announces fit (RFC 3550 section 5.1).
function HOLDS.RtpHeader(_, payload, length)
  local first = byte(payload, 1)
  if not first then return false end
  local stop = 12 + 4 * (first % 16)
  if first % 32 >= 16 then
    local words = number(payload, stop + 2, 2)
    if not words and stop + 4 <= length then return true end
    stop = stop + 4 + 4 * (words or 0)
  end
  return stop <= length
end

-- A request line or a status line (RFC 3261 section 7). TOKEN is section 25.1's.
local TOKEN = "^([A-Za-z0-9%-.!%%*_+`'~]+) "

local function begins_with_one_of(text, beginnings)
  for _, beginning in ipairs(beginnings) do
    if lower(text:sub(1, #beginning)) == beginning then return true end
  end
  return false
end

function HOLDS.StartLine(clause, payload, length)
  local version = lower(clause[2])
  local begin = payload:find("[^\r\n]") or #payload + 1
  local line_end = payload:find("[\r\n]", begin)
  local line = payload:sub(begin, (line_end or #payload + 1) - 1)
  if lower(line:sub(1, #version + 1)) == version .. " " then
    local code = line:sub(#version + 2, #version + 5)
    return code:find("^[0-9][0-9][0-9]$") ~= nil or code:find("^[0-9][0-9][0-9] $") ~= nil
  end
  local _, space = line:find(TOKEN)
  if not space then return false end
  local stop = #line
  while stop > 0 and (byte(line, stop) == 32 or byte(line, stop) == 9) do stop = stop - 1 end
  if stop < space then return false end
  if not line_end and #payload < length then
    return begins_with_one_of(line:sub(space + 1, stop), clause[3])
  end
  return stop - space > #version and lower(line:sub(math.max(space + 1, stop - #version), stop)) == " " .. version
end

-- What a clause needs at run time is worked out once; a test of one octet becomes a table of octets.
local function prepare(clause)
  clause.holds = HOLDS[clause[1]]
  if clause[1] == "Bits" then
    clause.octets = masked(clause[3], clause[4])
  elseif clause[1] == "Between" and clause[3] == 1 then
    clause.octets = {}
    for octet = clause[4], clause[5] do clause.octets[octet] = true end
  elseif clause[1] == "Only" then
    clause.others = "[^" .. clause[2]:gsub(".", "%%%0") .. "]"
  elseif clause[1] == "Chain" then
    for _, check in ipairs(clause[7]) do prepare(check) end
  end
end

local EVERY_ROW, OPEN_TO = {}, {}

function prepare_table()
  for place, row in ipairs(ROWS) do
    EVERY_ROW[place] = { row = row, least = 0, clauses = row }
    for _, clause in ipairs(row) do prepare(clause) end
  end
  for _, range in ipairs(OPEN) do
    for octet = range[1], range[2] do OPEN_TO[octet] = range[3] end
  end
end

-- What the first two octets say of a clause: true or false where they settle it, how long the datagram has to be where
-- that is all they leave open, else nil.
local function settled(clause, pair)
  local octet = clause.octets and pair[clause[2]]
  if octet then return clause.octets[octet] == true end
  if clause[1] == "AtLeast" then return clause[2] end
  if clause[1] == "RtpHeader" and pair[0] % 32 < 16 then return 12 + 4 * (pair[0] % 16) end
  if clause[1] == "Chain" and clause[2] == 0 then
    for _, check in ipairs(clause[7]) do
      if settled(check, pair) == false then return false end
    end
  end
  return nil
end

-- The rows that two octets leave open, each with the clauses that they leave open and the least length that satisfies
-- the others; worked out when they first come. Of `least` octets or more, the datagram is what `settled` says.
REMAINING = {}

local function remaining(first, second)
  local rows, pair = {}, { [0] = first, [1] = second }
  for _, number_of in ipairs(OPEN_TO[first]) do
    local candidate = { row = ROWS[number_of], least = 0, clauses = {} }
    local possible = true
    for _, clause in ipairs(candidate.row) do
      local said = settled(clause, pair)
      if said == false then
        possible = false
      elseif said == nil then
        candidate.clauses[#candidate.clauses + 1] = clause
      elseif said ~= true then
        candidate.least = math.max(candidate.least, said)
      end
    end
    if possible then rows[#rows + 1] = candidate end
  end
  local settles = rows[1] and #rows[1].clauses == 0
  rows.settled, rows.least = settles and rows[1].row, settles and rows[1].least or math.huge
  rows.media = settles and rows[1].row.media
  REMAINING[first * 256 + second] = rows
  return rows
end

-- The first row whose every clause holds; UNKNOWN when there is none. Never fails.
function classify(payload, length)
  local first, second = byte(payload, 1, 2)
  local rows = second and (REMAINING[first * 256 + second] or remaining(first, second)) or EVERY_ROW
  for place = 1, #rows do
    local candidate = rows[place]
    if length >= candidate.least then
      local clauses = candidate.clauses
      local left = #clauses
      while left > 0 and clauses[left].holds(clauses[left], payload, length) do left = left - 1 end
      if left == 0 then return candidate.row end
    end
  end
  return UNKNOWN
end

