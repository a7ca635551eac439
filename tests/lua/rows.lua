-- Standard input: records of reported length and size (four octets each, big-endian) and a payload. Standard output:
-- the number of the row that the plugin gives each of them, 0 for unknown.
local plugin = dofile(arg[1])

local numbers = { [plugin.UNKNOWN] = 0 }
for number, row in ipairs(plugin.ROWS) do numbers[row] = number end

local function u32(octets, at)
  local a, b, c, d = octets:byte(at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local input, at, output = io.read("*a"), 1, {}
while at <= #input do
  local length, size = u32(input, at), u32(input, at + 4)
  output[#output + 1] = numbers[plugin.classify(input:sub(at + 8, at + 7 + size), length)]
  at = at + 8 + size
end
io.write(table.concat(output, "\n"), "\n")
