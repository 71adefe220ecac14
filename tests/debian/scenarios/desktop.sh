# Tool kits without a display: plugins of Qt, modules of GTK and GLib, name services.
export XDG_RUNTIME_DIR=/tmp QT_QPA_PLATFORM=offscreen
printf 'import QtQuick 2.0\nItem { Component.onCompleted: { console.log("qml", 6 * 7); Qt.quit() } }\n' >a.qml
qml a.qml 2>&1
/usr/lib/qt5/bin/moc --version
echo 'struct S { void f(); };' | /usr/lib/qt5/bin/moc -i
glib-compile-schemas --strict --dry-run /usr/share/glib-2.0/schemas
gsettings --schemadir /usr/share/glib-2.0/schemas list-schemas 2>&1 | sort | md5sum
gdbus introspect --system --dest org.freedesktop.DBus --object-path / 2>&1 | head -n 2
dbus-run-session -- gdbus call --session --dest org.freedesktop.DBus --object-path / --method org.freedesktop.DBus.GetId | wc -c
lib=/usr/lib/x86_64-linux-gnu
$lib/libgtk-3-0/gtk-query-immodules-3.0 | md5sum; $lib/gdk-pixbuf-2.0/gdk-pixbuf-query-loaders 2>/dev/null | md5sum; $lib/glib-2.0/gio-querymodules "$PWD"
zenity --info 2>&1 | tail -n 1; kate --version; okular --version
weston --backend=headless-backend.so --version; vulkaninfo 2>&1 | tail -n 1
