# Extensions, OpenSSL, threads, fork, dlopen by the language.
ruby -ropenssl -rjson -rfiddle -rzlib -rsocket -e 'puts RUBY_VERSION, JSON.dump({a: [1, nil]}), OpenSSL::Digest::SHA256.hexdigest("x"), Zlib.crc32("x")
puts Fiddle::Function.new(Fiddle.dlopen(nil)["labs"], [Fiddle::TYPE_LONG], Fiddle::TYPE_LONG).call(-3)
puts (1..4).map { |i| Thread.new { i ** 20 } }.map(&:value).inspect
begin; Fiddle.dlopen("libno.so"); rescue Fiddle::DLError => e; puts e; end
r, w = IO.pipe; fork { w.puts "child" }; Process.wait; puts r.gets'
