# Native and byte code, and the top level with a library in C.
echo 'let () = List.iter (fun n -> Printf.printf "%d " (n * n)) [1; 2; 3]; print_newline (); print_endline Sys.ocaml_version' >a.ml
ocamlopt a.ml -o a
./a
ocamlc unix.cma a.ml -o b
./b
echo '#load "unix.cma";; print_int (List.length (Array.to_list (Unix.environment ())) * 0);;' | ocaml -noprompt
