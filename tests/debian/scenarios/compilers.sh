# The same in other languages, each with a run-time library of its own.
echo 'fn main() { let v: Vec<u64> = (1..5).map(|x| x * x).collect(); println!("{:?}", v); let r = std::panic::catch_unwind(|| panic!("p")); println!("{}", r.is_err()); }' >a.rs
rustc -O a.rs -o rs
./rs
printf 'package main\nimport ("fmt"; "net")\nfunc main() { _, err := net.LookupHost("localhost"); fmt.Println("go", err == nil) }\n' >a.go
go run a.go || go build -x a.go
printf 'program a\nreal(8) :: x(3) = (/1d0, 2d0, 3d0/)\nprint *, sum(x), matmul(reshape(x(1:2), (/1,2/)), reshape(x(2:3), (/2,1/)))\nend\n' >a.f90
gfortran a.f90 -o f
./f
printf 'with Ada.Text_IO; procedure A is\ntask T; task body T is begin Ada.Text_IO.Put_Line ("task"); end T;\nbegin null; end A;\n' >a.adb
gnatmake -q a.adb
./a
echo 'import std.stdio; void main() { try throw new Exception("d"); catch (Exception e) writeln(e.msg); }' >a.d
gdc a.d -o d
./d
cat >p.pas <<'P'
{$mode objfpc}
program p; uses sysutils;
begin writeln(Format('%d', [42])); try raise Exception.Create('pas'); except on e: Exception do writeln(e.message); end; end.
P
fpc -v0 -l- p.pas -op
./p
