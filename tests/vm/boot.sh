# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by run: Debian's kernel under QEMU, with KVM where that works

accel='-accel tcg'
if [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then
	accel='-accel kvm -accel tcg'
fi
# shellcheck disable=SC2086 # $accel is several
set -- -machine q35 -cpu max,la57=off $accel -smp 2 -m "$memory" \
	-nodefaults -no-user-config -display none -no-reboot \
	-kernel "$kernel/vmlinux" -initrd "$scratch/initramfs" \
	-append "$line console=ttyS0 tsc=reliable no_timer_check mitigations=off" \
	-serial "file:$log" \
	-virtfs local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap \
	-virtfs "local,path=$scratch,mount_tag=scratch,security_model=none" \
	-device virtio-serial-pci
while read -r tag path; do
	set -- "$@" -virtfs "local,path=$path,mount_tag=$tag,security_model=none,multidevs=remap"
done <"$scratch/shares"
if [ -n "$iommu" ]; then
	set -- "$@" -device intel-iommu,caching-mode=on,intremap=off
fi
if [ -n "$pci" ]; then
	set -- "$@" -machine memory-backend=mem \
		-object "memory-backend-memfd,id=mem,size=${memory}M,share=on" \
		-device "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"$scratch/vfu\"}}"
fi
if [ -z "$shell" ]; then
	set -- "$@" -chardev "file,id=out,path=$scratch/out" -device virtserialport,chardev=out,name=out \
		-chardev "file,id=err,path=$scratch/err" -device virtserialport,chardev=err,name=err
else
	set -- "$@" -chardev stdio,id=con,signal=off -device virtconsole,chardev=con
fi
exec 3<&0
[ -n "$shell" ] || exec 3</dev/null
timeout --foreground "$timeout" "${qemu:-qemu-system-x86_64}" "$@" <&3 2>"$scratch/qemu" 9>&- &
vm=$!
