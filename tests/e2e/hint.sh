#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# QEMU asks a guest what is free as it is migrated: what the virtio balloon takes to
# say so is removed, and is not refaulted.
. "$(dirname "$0")/lib.sh"
mib=1048576

# counted: the guest's last complete line
counted()
{
	tr -d '\r' 2>/dev/null <"$console" |
		sed -n 's/^counted \([0-9]*\): \([0-9]* [0-9]* [0-9]*\)$/\1 \2/p' | tail -n 1
}

# await CMD...: until it succeeds, for as long as QEMU runs and at most two minutes
await()
{
	_t=0
	until "$@"; do
		_t=$((_t + 1))
		[ $_t -lt 1200 ] && kill -0 $pid 2>/dev/null || return
		sleep 0.1
	done
}

# reported: nearly all that is free of the guest's 1 GiB is
reported()
{
	read -r line removed refaulted now <<-EOT
	$(counted)
	EOT
	[ "${now:-0}" -ge $((700 * mib)) ]
}

# went_on: the guest has said more than it had at $line
went_on()
{
	read -r later removed_then refaulted_then _ <<-EOT
	$(counted)
	EOT
	[ "${later:-0}" -ge $((line + 3)) ]
}

migrated()
{
	hmp "info migrate" | grep -q '^Migration status: completed'
}

# to_nowhere: with the time to ask what is free
to_nowhere()
{
	hmp "migrate_set_parameter max-bandwidth 16M" >/dev/null &&
		hmp 'migrate -d "exec:cat >/dev/null"' | grep -i 'error' | sed 's/^/# /'
	await migrated && hmp cont >/dev/null &&
		line=$(counted) && line=${line%% *} && await went_on
}

# at_least WHAT BYTES LEAST
at_least()
{
	echo "# $(($2 / mib)) MiB $1"
	[ "$2" -ge "$3" ]
}

less_than()
{
	echo "# $(($2 / mib)) MiB $1"
	[ "$2" -lt "$3" ]
}

with_monitor
cat >"$scratch/hinting" <<-EOT
	#!/bin/sh
	for a; do
		shift
		case \$a in
		virtio-balloon-pci,*) a=\$a,free-page-hint=on,iothread=hint ;;
		esac
		set -- "\$@" "\$a"
	done
	exec "$QEMU" -object iothread,id=hint "\$@"
EOT
chmod +x "$scratch/hinting"
QEMU=$scratch/hinting
boot_init 300 hint-init.sh &
pid=$!
console=$scratch/console
trap 'hmp quit >/dev/null 2>&1; rm -rf "$scratch"' EXIT
ok "nearly all that is free is reported" await reported
ok "the guest is migrated, and goes on" to_nowhere
ok "what it hinted at is removed" \
	at_least removed $((${removed_then:-0} - ${removed:-0})) $((350 * mib))
ok "and is not refaulted" \
	less_than refaulted $((${refaulted_then:-0} - ${refaulted:-0})) $((100 * mib))
hmp quit >/dev/null 2>&1
wait $pid
well()
{
	[ -n "$(counted)" ] && ! complained
}
ok "the guest is well" well
done_testing
