
-- What the parts of this file give to one another.
local ROWS, UNKNOWN, TYPES, OPEN, COMPACT, HEADER_NAMES, HINTS
local classify, prepare_table, REMAINING, lower
local inflate, is_text, read_message, header, values, guard, needs_rebuilding, rebuild

-- What Wireshark gives: our protocol, its fields and expert infos, what its preferences say.
local mux, prefs, fields, experts
local settings = {}

