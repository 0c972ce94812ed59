#!/bin/bash
# SPDX-License-Identifier: MIT
# In the VM: host_guest.sh TREE KERNEL: docs/host.md of TREE from its first to its
# last command, and what must be true in between. Prints TAP.
set -u
tree=$1 kernel=$2 share=$PWD
release=$(uname -r)
user=tester
home=/home/$user
doc=$tree/docs/host.md
n=0

ok() { # ok TEXT CONDITION...
	local text=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		echo "# failed: $*"
		tail -n 20 /run/host/out /run/host/err 2>/dev/null | sed 's/^/# /'
	fi
}

is() { [ "$1" = "$2" ]; }
says() { grep -qF -- "$1" /run/host/out; }
complains() { grep -qF -- "$1" /run/host/err; }
none() { [ -z "$*" ]; }
node() { stat -c '%U:%G %a' /dev/psxdet0; }

# The commands below `<!-- NAME -->`
block() {
	awk -v "name=<!-- $1 -->" '
		$0 == name { found = 1; next }
		found && /^```$/ { exit }
		found && !/^```/ && !/^$/' "$doc"
}

# as_user COMMANDS: after a new login, in the tree; output, $status
as_user() {
	su - $user -c "cd psxdet; $1" >/run/host/out 2>/run/host/err </dev/null
	status=$?
}

typed() { # typed NAME: each command of a block must succeed
	echo "# $1: $(date +%T)"
	as_user "set -e; $(block "$1")"
	ok "docs/host.md: $1" is $status 0
}

# A message that is met is one that the document explains
explained() {
	grep -qF -- "$1" "$doc" && { complains "$1" || says "$1"; }
}

places() {
	find /usr/local /usr/src /usr/lib/udev /usr/lib/sysusers.d /usr/lib/firmware /usr/lib/modules \
		/etc /var/lib/dkms ! -path '/etc/*-' ! -path '/etc/.pwd.lock' ! -path '*/modules.*' \
		! -path '/var/lib/dkms/mok.*' 2>/dev/null | sort
}

# This machine: a user with sudo, a small Debian kernel with its headers
mkdir -p /run/host /usr/lib/firmware
rm -f /run/udev/rules.d/*psxdet*
udevadm control --reload
small=/run/host/modules/$release
mkdir -p "$small/kernel/fs"
cp /lib/modules/"$release"/modules.{builtin,builtin.modinfo,order} "$small"
cp -r /lib/modules/"$release"/kernel/fs/configfs "$small/kernel/fs"
ln -s "$kernel/headers" "$small/build"
mount --bind /run/host/modules /lib/modules
depmod "$release"
mkdir -p /var/lib/dkms
mount --bind "$share/dkms" /var/lib/dkms
echo "127.0.0.1 $(hostname)" >>/etc/hosts
useradd -m -G sudo -s /bin/bash $user
echo "$user ALL=(ALL:ALL) NOPASSWD: ALL" >/etc/sudoers.d/$user
chmod 440 /etc/sudoers.d/$user
cp -a "$tree" $home/psxdet
chown -R $user: $home/psxdet
# A kernel's make is the other side's work
mkdir -p /usr/local/sbin
cat >/usr/local/sbin/make <<END
#!/bin/sh
case " \$* " in
*" -C /lib/modules/"*) ;;
*) exec /usr/bin/make "\$@" ;;
esac
cd $share
printf '%s\n' "\$@" >request.new
mv request.new request
while [ ! -e answer ]; do sleep 0.2; done
cat output
read -r status <answer
rm answer
exit \$status
END
chmod 755 /usr/local/sbin/make
places >/run/host/before

ok 'no group psxdet yet' none "$(getent group psxdet)"
as_user 'psxctl list'
ok 'no psxctl yet' is $status 127

typed install
ok 'nothing is compiled again by root' none "$(grep -w CC /run/host/out)"
ok 'the group is there' grep -q '^psxdet:' /etc/group
as_user 'psxctl -d /dev/psxdet0 info'
ok 'no driver: is explained' explained 'the kernel module psxdet is not loaded'
as_user 'sudo modprobe psxdet'
ok 'no module: is explained' explained 'Module psxdet not found'

typed driver
ok 'the driver is where upgrades expect it' \
	is "$(modinfo -n psxdet)" "/lib/modules/$release/updates/dkms/psxdet.ko"
ok 'the mock detector, too' \
	is "$(modinfo -n psxdet-mock)" "/lib/modules/$release/updates/dkms/psxdet-mock.ko"
as_user 'sudo dkms status'
ok 'dkms has it installed' says "psxdet/0.1.0, $release, x86_64: installed"
ok 'kernel upgrades build it' grep -q '^AUTOINSTALL="yes"' /var/lib/dkms/psxdet/0.1.0/source/dkms.conf
typed signer
ok 'dkms signed it' says 'DKMS module signing key'
as_user 'sudo dkms install psxdet/0.1.0'
ok 'installed already: is explained' explained 'already installed on kernel'
cp "$(modinfo -n psxdet)" /run/host/psxdet.ko
as_user 'psxctl -d /dev/psxdet0 info'
ok 'no detector: is explained' explained 'the kernel module psxdet has found none'

typed mock
udevadm settle
ok 'the node is for the group' is "$(node)" 'root:psxdet 660'
ok 'and for who sits at the screen' grep -q uaccess <(udevadm info /dev/psxdet0)
as_user 'echo ideal | sudo tee /sys/kernel/config/psxdet-mock/one/profile'
ok 'a live detector does not change: is explained' explained 'Device or resource busy'
as_user 'cd /sys/kernel/config/psxdet-mock; sudo mkdir two; echo no | sudo tee two/scene
	echo 1 | sudo tee two/live; sudo rmdir two; sudo dmesg | grep psxdet-mock >&2'
ok 'no such scene: is explained' explained 'No such file or directory'
ok 'the log has it' complains "scene 'no' cannot be loaded"

as_user 'psxctl -d /dev/psxdet0 info'
ok 'who is not in the group is refused' is $status 1
ok 'that is explained' explained "you are not in its group 'psxdet'"
ok 'in one line' is "$(wc -l </run/host/err)" 1
as_user 'psxctl -d /dev/psxdet0 acquire -k laplacian -n 2 -o refused.psx'
ok 'no frames either' is $status 1
ok 'nor a file' none "$(find $home -name 'refused.psx*')"
chown root:root /dev/psxdet0
as_user 'psxctl -d /dev/psxdet0 info'
ok 'without the rule: is explained' explained "it is root's alone (psxdet's udev rule is not installed)"
as_user 'sudo make install'
ok 'install again' is $status 0
udevadm settle
ok 'install gives what is plugged in to the group' is "$(node)" 'root:psxdet 660'

typed user
typed check
ok 'the detector is listed' says '/dev/psxdet0'
ok 'ten frames' says 'frame 9 '
ok 'none lost' grep -q -E '^laplacian +10 +0 ' /run/host/out
ok 'that have an edge or two' [ "$(sed -n 's/^frame 9 .*effective \([0-9]*\).*/\1/p' /run/host/out)" -gt 100 ]
ok 'the file belongs to the user' is "$(stat -c %U $home/psxdet/run.psx)" $user
ok 'root owns nothing in the home' none "$(find $home -user root)"

typed remove
as_user 'lsmod'
ok 'no module is left' none "$(grep psxdet /run/host/out)"
ok 'the group is' grep -q '^psxdet:' /etc/group
typed purge
places >/run/host/after
ok 'nothing else is' diff /run/host/before /run/host/after

# The kernel's own modules have Debian's key, this one has dkms's
cp /run/host/psxdet.ko "/lib/modules/$release/kernel/"
depmod "$release"
echo 1 >/sys/module/module/parameters/sig_enforce
as_user 'sudo modprobe psxdet'
ok 'a machine that wants signatures: is explained' explained 'Key was rejected by service'

# What needs the network or a reboot is only read
names=$(sed -n 's/^<!-- \(.*\) -->$/\1/p' "$doc" | paste -sd ' ')
ok 'each block was typed, but for two' is "$names" \
	'packages install driver user mock check secure-boot signer remove purge'
ok 'there is none without a name' is "$(grep -c '^```sh' "$doc")" "$(wc -w <<<"$names")"
echo "1..$n"
