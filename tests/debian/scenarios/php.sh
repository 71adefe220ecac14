# Extensions, loaded by name, and one that is not there.
php -r 'echo PHP_VERSION, "\n"; print_r(get_loaded_extensions()); echo hash("xxh64", "x"), json_encode([1, null]), preg_replace("/(b)/", "[$1]", "abc"), "\n";'
php -d extension=no.so -r 'echo "goes on\n";' 2>&1
