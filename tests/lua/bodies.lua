-- Standard input: records of a label's size, the label (empty: none), a body's size and the body; sizes are four octets,
-- big-endian. Standard output: a line each with status, encoding, whether label and data disagree, compressed length and
-- the decoded octets in hexadecimal, separated by tabs.
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
  io.write(found.status, "\t", found.encoding, "\t", table.concat(found.notes, "; "), "\t", found.compressed_length, "\t",
    hexadecimal, "\n")
end
