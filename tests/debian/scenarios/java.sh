# The launcher loads libjvm with dlopen, and starts a thread for it.
java -version
keytool -genseckey -alias key -keyalg AES -keysize 128 -keystore k.p12 -storepass secret -storetype PKCS12
keytool -list -keystore k.p12 -storepass secret | grep -c SecretKeyEntry
java -jar no.jar || echo "status $?"
