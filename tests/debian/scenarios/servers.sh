# Servers with modules, asked over the loopback that the sandbox has.
mkdir w
echo hello >w/index.html
printf 'daemon on; pid /tmp/work/n.pid; error_log /tmp/work/n.log; events {}\nhttp { access_log off; server { listen 127.0.0.1:8080; root /tmp/work/w; } client_body_temp_path /tmp/work/t; proxy_temp_path /tmp/work/t; fastcgi_temp_path /tmp/work/t; uwsgi_temp_path /tmp/work/t; scgi_temp_path /tmp/work/t; }\n' >n.conf
nginx -e "$PWD/n.log" -c "$PWD/n.conf"
curl -s http://127.0.0.1:8080/
wget -q -O - http://localhost:8080/index.html
cat >a.conf <<'A'
ServerRoot /tmp/work
ServerName localhost
Listen 127.0.0.1:8081
PidFile a.pid
ErrorLog a.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so
DocumentRoot /tmp/work/w
A
apache2 -f "$PWD/a.conf" -k start
curl -s --retry 5 --retry-connrefused http://localhost:8081/index.html
openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=localhost 2>/dev/null
openssl s_server -quiet -key k.pem -cert c.pem -port 8082 -www & sleep 1
curl -s --retry 5 --retry-connrefused --cacert c.pem https://localhost:8082/ | grep -c Cipher
gnutls-cli --x509cafile c.pem -p 8082 localhost </dev/null 2>&1 | grep -E 'Status|Description'
kill %1
testparm -s /dev/null 2>&1 | head -n 4; smbclient -L localhost -N 2>&1 | tail -n 1
slaptest -f /dev/null -u 2>&1 | tail -n 1; named -v; named-checkconf /dev/null; unbound -V | head -n 1
ssh-keygen -q -t ed25519 -N '' -f key
ssh-keygen -l -f key | cut -d' ' -f1,3-
GNUPGHOME=$PWD/g; export GNUPGHOME; mkdir -m 700 g
gpg --batch --quiet --passphrase '' --quick-gen-key me ed25519 sign never 2>/dev/null
echo text | gpg --batch --quiet -u me --clearsign | gpg --quiet --decrypt 2>/dev/null
getent hosts localhost; getent passwd nobody; id
