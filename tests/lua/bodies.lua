-- Standard input: records of a label (empty: none) and a body, each with its size before it in four octets, big-endian.
-- Standard output: a line each with status, encoding, notes, compressed length and the decoded octets in hexadecimal,
-- separated by tabs.
local plugin = dofile(arg[1])
local bound = tonumber(arg[2])

local input, at = io.read("*a"), 1

local function field()
  local a, b, c, d = input:byte(at, at + 3)
  local size = ((a * 256 + b) * 256 + c) * 256 + d
  local octets = input:sub(at + 4, at + 3 + size)
  at = at + 4 + size
  return octets
end

while at <= #input do
  local label, body = field(), field()
  local found = plugin.inflate(body, label ~= "" and { label } or {}, bound)
  local hexadecimal = found.octets:gsub(".", function(octet) return ("%02x"):format(octet:byte()) end)
  local notes = table.concat(found.notes, "; ")
  io.write(table.concat({ found.status, found.encoding, notes, found.compressed_length, hexadecimal }, "\t"), "\n")
end
