#!/usr/bin/env bash
# Unpacks Ceph's radosgw, an S3 server that checks POST policies as AWS does, with all it is linked
# to, into the folder that is named. Debian on amd64 only. Nothing is installed on the system, and
# no root is needed: apt works on lists and a package database of its own, which are then dropped.
#
# From trixie, whatever the system is: the release is the same everywhere, and it is the first with
# a radosgw that keeps its objects in SQLite and so needs no Ceph cluster behind it.
set -euo pipefail
folder=${1:?radosgw.sh FOLDER}
[[ -e $folder ]] && exit

# The mirror that the system itself uses.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 -E '/debian/?$') ||
	{ echo 'No Debian mirror is among the sources of apt.' >&2; exit 1; }

mkdir -p "$(dirname "$folder")"
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt"/{lists,archives}/partial "$apt/empty"
touch "$apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" \
	>"$apt/sources.list"
cat >"$apt/apt.conf" <<-END
	Dir::State::lists "$apt/lists";
	Dir::State::status "$apt/status";
	Dir::Cache "$apt";
	Dir::Cache::archives "$apt/archives";
	Dir::Etc::sourcelist "$apt/sources.list";
	Dir::Etc::sourceparts "$apt/empty";
	Dir::Etc::preferencesparts "$apt/empty";
	APT::Architecture "amd64";
	APT::Architectures { "amd64"; };
	APT::Install-Recommends "false";
	APT::Sandbox::User "";
	Acquire::Languages "none";
	Acquire::Retries "3";
	Debug::NoLocking "true";
END
export APT_CONFIG=$apt/apt.conf
apt-get --quiet=2 update
apt-get --quiet=2 --download-only --yes install radosgw
rm -rf "$folder.part"
for package in "$apt"/archives/*.deb; do
	dpkg-deb --extract "$package" "$folder.part"
done
# Documentation, locales and the like.
rm -rf "$folder.part/usr/share"
mv "$folder.part" "$folder"
