-- As much of Wireshark's Lua interface as the plugin uses, for interpreters outside Wireshark. What the plugin does is
-- kept in the table that this file returns: registrations, what each dissector was handed, fields and expert infos.
local stub = { calls = {}, fields = {}, experts = {}, ports = {}, heuristics = {}, copied = 0, version = "4.0.17" }
local globals = _G

local function chained(methods)
  return setmetatable(methods, { __index = function() return function(self) return self end end })
end

-- Tvb and TvbRange; a range outside the buffer is an error, as in Wireshark.
local function buffer(octets, reported)
  local self = {}
  function self.len() return #octets end
  function self.captured_len() return #octets end
  function self.reported_len() return reported or #octets end
  function self.raw(_, offset, size)
    offset = offset or 0
    assert(not size or offset + size <= #octets, "range out of bounds")
    return octets:sub(offset + 1, size and offset + size)
  end
  function self.tvb() return buffer(octets) end
  return setmetatable(self, {
    __call = function(_, offset, size)
      offset = offset or 0
      size = size or #octets - offset
      assert(offset >= 0 and size >= 0 and offset + size <= #octets, "range out of bounds")
      return buffer(octets:sub(offset + 1, offset + size))
    end,
  })
end
stub.buffer = buffer

local function item()
  local self = {}
  -- A value may follow the field at once: the field then stands on no octets.
  function self.add(_, field, range, value)
    if type(range) ~= "table" then range, value = nil, range end
    if field.abbreviation then
      assert(range or value ~= nil, "a field needs a range or a value")
      stub.fields[field.abbreviation] = value == nil and true or value
    end
    return item()
  end
  function self.add_proto_expert_info(_, expert, text) stub.experts[expert.abbreviation] = text end
  return chained(self)
end

local function preference(_, default) return default end

function stub.install()
  globals.base = { DEC = 1, NONE = 0 }
  globals.expert = {
    group = { PROTOCOL = 1, MALFORMED = 2, SECURITY = 3, UNDECODED = 4 },
    severity = { WARN = 1, NOTE = 2, CHAT = 3 },
  }
  globals.get_version = function() return stub.version end
  globals.set_plugin_info = function(info) stub.info = info end
  globals.Pref = { range = preference, bool = preference, uint = preference }
  globals.Address = { ip = function(text) return text end, ipv6 = function(text) return text end }
  globals.ByteArray = { new = function(octets) return { tvb = function() return buffer(octets) end } end }
  globals.Tvb = {
    captured_len = function(tvb) return tvb:captured_len() end,
    reported_len = function(tvb) return tvb:reported_len() end,
    raw = function(tvb, ...)
      local octets = tvb:raw(...)
      stub.copied = stub.copied + #octets
      return octets
    end,
    range = function(tvb, ...) return tvb(...) end,
  }
  globals.TreeItem = {
    add = function(tree, ...) return tree:add(...) end,
    set_generated = function(one) return one end,
    referenced = function() return stub.referenced ~= false end,
  }
  globals.ProtoExpert = { new = function(abbreviation) return { abbreviation = abbreviation } end }
  globals.ProtoField = setmetatable({}, {
    __index = function() return function(abbreviation) return { abbreviation = abbreviation } end end,
  })
  globals.Dissector = {
    get = function(name)
      if not name or stub.without and stub.without[name] then error("no such dissector") end
      local self = { name = name }
      function self.call(me, tvb)
        stub.calls[#stub.calls + 1] = { name = me.name, octets = tvb:raw(), length = tvb:reported_len() }
        if stub.malformed then error("malformed") end
        return tvb:captured_len()
      end
      return setmetatable(self, { __tostring = function() return name:upper() end })
    end,
  }
  globals.get_preference = function(name) return stub.wireshark and stub.wireshark[name] end
  globals.Dir = { personal_config_path = function() return stub.decode_as_entries or "/nowhere/at/all" end }
  globals.DissectorTable = {
    get = function()
      local self = {}
      function self.get_dissector(_, port) return stub.ports[port] end
      function self.add(_, port, dissector) stub.ports[port] = dissector end
      function self.remove(_, port) stub.ports[port] = nil end
      function self.add_for_decode_as() end
      return self
    end,
  }
  globals.Proto = function(name)
    assert(not stub.proto, "there cannot be two protocols with the same name")
    stub.proto = setmetatable({ name = name, prefs = {} }, { __tostring = function() return name:upper() end })
    function stub.proto.register_heuristic(_, list, ask) stub.heuristics[list] = ask end
    return stub.proto
  end
end

-- One datagram to the plugin's dissector, or to its heuristic; gives what that returned. `claims` are the conversations
-- that were made the plugin's, each as its four parts; `copied` counts the octets that Lua was given.
function stub.send(octets, options)
  options = options or {}
  stub.calls, stub.fields, stub.experts, stub.claims, stub.copied = {}, {}, {}, {}, 0
  local info = {
    number = 1, visited = options.visited or false, src = options.src or "192.0.2.1", dst = options.dst or "192.0.2.2",
    src_port = options.src_port or 16402, dst_port = options.dst_port or 16402, match = options.match or 16402,
    cols = { protocol = "UDP" },
  }
  stub.pinfo = setmetatable({}, {
    __index = info,
    __newindex = function(_, name, value)
      info[name] = value
      if name ~= "conversation" then return end
      stub.claims[#stub.claims + 1] = ("%s:%d %s:%d"):format(info.src, info.src_port, info.dst, info.dst_port)
    end,
  })
  local tvb = buffer(octets, options.length)
  local ask = options.heuristic and stub.heuristics[options.heuristic] or stub.proto.dissector
  return ask(tvb, stub.pinfo, item())
end

return stub
