# A server that forks, opens modules, and shares memory; a client that talks to it.
bin=$(echo /usr/lib/postgresql/*/bin)
$bin/initdb -D data --no-sync --auth=trust | grep -c ok
$bin/pg_ctl -D data -w -l log -o '-k /tmp/work -h ""' start >/dev/null
psql -h /tmp/work -d postgres -U nobody <<'Q'
create table t as select g, md5(g::text) m, sqrt(g) s from generate_series(1, 50) g;
select count(*), sum(g), max(m) from t;
create language plpgsql;
do $$ begin raise notice 'in plpgsql'; end $$;
create function f() returns int language c as 'no', 'f';
select upper('ä' collate "C.utf8"), xmlelement(name a, 'b'), to_tsvector('english', 'the running dogs');
Q
$bin/pg_ctl -D data -w stop >/dev/null
echo stopped
echo 'select 6 * 7 as answer' | $bin/postgres --single -D data postgres 2>&1 | grep answer
