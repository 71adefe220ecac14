# Embedded and served ones, and libraries of data with many formats.
sqlite3 :memory: 'with recursive n(i) as (select 1 union all select i + 1 from n where i < 100) select sum(i), hex(zeroblob(2)), json("[1, 2]") from n'
mkdir m
printf 'create database d;\ncreate table d.t (a int, b varchar(9));\ninsert into d.t values (1, "x"), (2, "y");\nselect sum(a), max(b) from d.t;\n' |
    mariadbd --no-defaults --bootstrap --datadir="$PWD/m" --skip-grant-tables 2>m.log || { tail m.log; exit 1; }
redis-server --port 0 --unixsocket "$PWD/r" --save '' --daemonize yes >/dev/null
for i in 1 2 3 4 5 6 7 8 9; do redis-cli -s r ping >/dev/null 2>&1 && break; sleep 1; done
redis-cli -s r eval 'return {redis.call("SET", "k", 7), redis.call("INCR", "k")}' 0
h5dump --version; ncdump -c /dev/null 2>&1 || true; gdalinfo --formats | md5sum
echo '12 55' | cs2cs +proj=longlat +to +proj=utm +zone=33
