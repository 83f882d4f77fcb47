# SPDX-License-Identifier: GPL-2.0
# A dump of all free memory is the same in pieces of any size, and agrees with all
# else that tells of free memory.
. "${0%/*}/lib.sh"

# dump PIECE: into memory that is there already, or writing it would change what
# is read
dump()
{
	dd if=$dbg/blocks of="dump.$1" bs="$1" conv=notrunc 2>dd.err
	dumped=$(sed -n "s/ bytes.*//p" dd.err)
}

# Which blocks there are. Ages grow, and the least of an age is what changes.
lines()
{
	head -c "$dumped" "dump.$1" | cut -d" " -f1-6 | sort
}

# The guest does next to nothing, but some; a line that is the same before and
# after has to be there in between, and nothing but what is there before or
# after. A few blocks may come and go just then: what a read loses or repeats
# where its pieces meet would be hundreds. Should it be more, try again.
same_lines()
{
	for try in 1 2 3 4 5 6; do
		dump 1M
		lines 1M >lines.before
		dump 1
		lines 1 >lines.1
		dump 1M
		lines 1M >lines.after
		comm -12 lines.before lines.after >lines.both
		sort -u lines.before lines.after >lines.either
		comm -23 lines.both lines.1 >lines.missing
		comm -13 lines.either lines.1 >lines.extra
		echo "# try $try: $(wc -l <lines.1) lines, $(wc -l <lines.both) the same before and after"
		[ "$(wc -l <lines.both)" -gt 1000 ] || return 1
		[ "$(cat lines.missing lines.extra | wc -l)" -gt 8 ] || return 0
		sed 's/^/# missing: /; 3q' lines.missing
		sed 's/^/# extra: /; 3q' lines.extra
	done
	return 1
}

# Memory may move between per-cpu lists and free blocks just then
come_to_free()
{
	for try in 1 2 3 4 5 6; do
		near "$(head -c "$dumped" dump.1M | blocks_good)" "$(free_bytes)" &&
			return 0
		sleep 1
		dump 1M
	done
	return 1
}

for piece in 1 1M; do
	head -c 4M /dev/zero >dump.$piece
done
# Holes, many of them small
head -c 24M /dev/zero | split -b 15k -a 3 - /dev/shm/hole.
head -c 64M /dev/zero >/dev/shm/late
rm /dev/shm/hole.*[acegikmoqsuwy]
# Nothing shall be reported while it is looked at, but a part be reported
flush
quiet
rm /dev/shm/late /dev/shm/hole.*[bdf]

check "pieces of 1 byte and of 1 MiB give the same lines" same_lines
head -c "$dumped" dump.1M | cut -d' ' -f6 | sort | uniq -c | sed 's/^/# /'
size=$(head -c "$dumped" dump.1M | blocks_good)
check "each line is behind the one before and can be read" [ $? -eq 0 ]
check "the blocks come to MemFree" come_to_free
check "summary comes to the same" summary_is_free
check "summary has as much reported as stats" reported_agrees
check "most of it is" at_least "$(stat reported_now_bytes)" $((14 << 30))
check "ages can be read" ages_good
sed -n '12,15s/^/# /p' $dbg/ages
echo "# lock_hold_max_ns $(stat lock_hold_max_ns)"
finish
