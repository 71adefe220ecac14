-- The standard libraries of Lua, and lpeg, a module in C that require() opens with dlopen.
-- arg[1] is the directory of lpeg.so, arg[2] that of lpeg's own files.
package.cpath = arg[1] .. "/?.so"
package.path = arg[2] .. "/?.lua"

print(_VERSION, math.type(3), math.type(3.0), 7 // 2, 7 / 2, 2^53 | 0, math.pi)
print(string.format("%5.2f|%-6s|%06d|%q|%a", 3.14159, "ab", 42, "line\nbreak", 1.0))
print(("hello world from lua"):gsub("(%w+)", function(w) return w:sub(1, 1):upper() .. w:sub(2) end))
print(string.pack("<i4z", 100, "x"):byte(1, -1))
print(utf8.char(72, 228, 8364), utf8.len("Hä€"))

local t = {}
for i = 1, 100 do t[i] = (i * 37) % 101 end
table.sort(t, function(a, b) return a > b end)
print(table.concat(t, ",", 1, 10), #t, select("#", table.unpack(t)))

local function generate(n)
    return coroutine.wrap(function() for i = 1, n do coroutine.yield(i * i) end end)
end
local squares = {}
for s in generate(8) do squares[#squares + 1] = s end
print(table.concat(squares, " "))
print(select(2, pcall(coroutine.wrap(function() error({ code = 9 }) end))).code)
print(select(2, pcall(error, "message", 0)))

do
    local log <const> = {}
    local closing <close> = setmetatable({}, { __close = function() print("closed", #log) end })
    log[1] = setmetatable({}, { __gc = function() io.write("") end })
end
collectgarbage()

local name = os.tmpname()
local f <close> = assert(io.open(name, "w+"))
f:write("one\ntwo\nthree\n"):seek("set")
for line in f:lines() do io.write(line, ";") end
print(f:seek("end"), os.remove(name))
print(io.open("/no/such/file"))
print(os.date("!%Y-%m-%d %H:%M:%S", 86400 * 365), os.getenv("HOME") ~= nil)
local pipe = io.popen("echo from a pipe; exit 3")
print(pipe:read("a"), pipe:close())
print(os.execute("exit 4"))

print(pcall(require, "nosuchmodule") == false)
local path = package.searchpath("lpeg", package.cpath)
print(package.loadlib(path, "luaopen_nothing"))
print(package.loadlib("/no/such/file.so", "*"))

local lpeg = require("lpeg")
local number = lpeg.R("09") ^ 1 / tonumber
local sum = lpeg.Cf(number * (lpeg.P("+") * number) ^ 0, function(a, b) return a + b end)
print("lpeg", sum:match("10+20+12"), lpeg.type(number), require("re").match("aaabbb", "{'a'*}{'b'*}"))
os.exit(6)
