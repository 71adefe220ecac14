# Plugins by the hundred, scanned in a helper process.
gst-launch-1.0 -q videotestsrc num-buffers=20 ! video/x-raw,width=64,height=48 ! videoconvert ! jpegenc ! avimux ! filesink location=a.avi
gst-launch-1.0 -q filesrc location=a.avi ! decodebin ! videoconvert ! fakesink
gst-launch-1.0 -q audiotestsrc num-buffers=50 ! audioconvert ! vorbisenc ! oggmux ! fakesink
gst-inspect-1.0 | sort | md5sum
gst-inspect-1.0 --print-all 2>/dev/null | grep -c Factory
md5sum a.avi
