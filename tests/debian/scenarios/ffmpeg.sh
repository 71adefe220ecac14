# Codecs by the dozen; the machine's code is chosen with IFUNC and by what the processor has.
ffmpeg -v error -f lavfi -i testsrc=d=1:s=160x120 -f lavfi -i sine=d=1 -c:v libx264 -threads 1 -c:a aac -fflags +bitexact -flags +bitexact a.mkv
ffmpeg -v error -i a.mkv -c:v mpeg4 -threads 1 -c:a libmp3lame -fflags +bitexact -flags +bitexact b.avi
ffmpeg -v error -i b.avi -f framemd5 - | tail -n 3
ffprobe -v error -show_streams a.mkv | grep -E 'codec_name|profile|nb_frames'
ffmpeg -v error -encoders | md5sum
mpv --no-config --vo=null --ao=null --really-quiet --frames=5 a.mkv
echo played
sox -n t.wav synth 0.1 sine 440
sox t.wav -n stat 2>&1 | head -n 5
