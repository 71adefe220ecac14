.mode list
.headers on
create table artist (id integer primary key, name text not null unique);
create table album (id integer primary key, artist references artist, title text, year integer);
create index album_by_year on album (year);
insert into artist (name) values ('Ella'), ('Miles'), ('Nina'), ('Nobody');
insert into album (artist, title, year) values (1, 'Ella and Louis', 1956), (2, 'Kind of Blue', 1959),
    (2, 'Milestones', 1958), (3, 'Pastel Blues', 1965), (3, 'Wild Is the Wind', 1966), (3, 'Little Girl Blue', 1959);
select name, count(album.id) as albums, min(year) as first from artist left join album on album.artist = artist.id
    group by artist.id order by albums desc, name;
select a.title, b.title from album a join album b on a.year = b.year and a.id < b.id;
with recursive fib(n, a, b) as (values (1, 0, 1) union all select n + 1, b, a + b from fib where n < 20)
    select max(a) from fib;
select title, rank() over (partition by artist order by year) as nth from album order by artist, nth;
create virtual table words using fts5(body);
insert into words select title from album;
select body from words where words match 'blue' order by body;
select json_group_array(json_object('t', title, 'y', year)) from album where year < 1959;
select printf('%.6f %.6f', sqrt(2), ln(10)), hex(zeroblob(4)), upper('straße');
begin;
delete from album;
select count(*) from album;
rollback;
select count(*), sum(year) from album;
with recursive c(x) as (values (1) union all select x + 1 from c where x < 50000) select count(*), sum(x % 7) from c;
insert into artist (name) values ('Ella');
select 'after the error';
.tables
