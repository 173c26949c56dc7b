# What Linux has to do so that it holds what the parts say: reads every part's `state` and then `seen` (what ip, bridge
# and nft show), writes commands into files in the folder `work`, and changes nothing itself. POSIX awk; no {n,m} in
# patterns, as mawk has none.
#   links routes after   batches for ip, in this order: devices, addresses and neighbours; routes; removals
#   bridge bridge-after  batches for bridge
#   nft-wanted           the ruleset; `nft` says `load`, `update` or `delete`, and is absent when it is loaded already
#   nft-change           for `update`: what makes the ruleset that is loaded the wanted one
#   sysctl actions       what the shell does itself
#   changes              PART <tab> command, for people; empty: Linux holds it all
#   problems             PART <tab> text: what cannot be made so, because something foreign is in the way
#   waiting              exists while no interface has the node's address
#   devices              tunnel devices of ours that are up
#   unused               folders of kept parts that nothing refers to any more
#   neighbours           DEVICE ADDRESS of every other node, where the kernel may have learned MAC addresses of them
# A kept part (`.kept-NAME-DIGEST`) is what a part was before it was changed or removed. Routes are another part and are
# changed by another push: as long as one of them needs what the kept part made, that stays.
# Ours are: devices with the alias `overlaynet`, all routes, permanent neighbours and FDB entries on such VXLAN devices,
# routes with protocol 80 in table main, nftables' table `inet overlaynet`, network namespaces that this program made.
# All else is left alone. Ends with 3, and no commands, when a state file is not understood. With `check` set it reads
# state files and does no more. With `foreign` set it prints what is in the way of one part, a line each; with `first`
# also what a node without any part of ours must not hold.

BEGIN {
  PROTO_FELIX = 80; PROTO_KERNEL = 2; MAIN = 254; UNICAST = 1; BLACKHOLE = 6; SCOPE_LINK = 253
  OURS = "overlaynet"
  # A device is made under this name and gets its own last, so that one without the alias is never ours.
  DRAFT = "ovl-draft"
  nft_shown = run "/nft-shown"; nft_loaded = run "/nft-loaded"; nft_wanted = work "/nft-wanted"; nft_change = work "/nft-change"
  split("links routes after bridge bridge-after sysctl actions changes problems devices unused neighbours", FILES, " ")
  if (!check && !foreign) for (i in FILES) { file[FILES[i]] = work "/" FILES[i]; printf "" > file[FILES[i]] }
}

# ---------------------------------------------------------------------------------------------- state files
FILENAME ~ /\/\.kept-[^\/]*\/state$/ {
  if (FNR == 1) { kept = FILENAME; sub(/\/state$/, "", kept); sub(/.*\//, "", kept); kepts[++kept_count] = kept }
  kept_line[kept, ++kept_lines[kept]] = $0
  next
}
FILENAME ~ /\/state$/ {
  if (FNR == 1) { part = FILENAME; sub(/\/state$/, "", part); sub(/.*\//, "", part); PARTS[++part_count] = part }
  if (!read_statement()) { print FILENAME ":" FNR ": not understood: " substr($0, 1, 200) > "/dev/stderr"; bad = 1 }
  next
}

# One line of a state file; of a key that has a value already the first one counts, which is that of the part in force.
# @returns whether it is understood
function read_statement() {
  if ($1 == "address" && NF == 2 && is_ip($2)) own_address[$2] = 1
  else if ($1 == "incarnation" && NF == 2 && $2 ~ /^[A-Za-z0-9]+$/ && length($2) <= 64) { incarnation = $2; incarnation_part = part }
  else if ($1 == "link" && $2 == "ipip" && NF == 5 && $3 == "tunl0" && is_ip($4) && is_number($5)) want_link($3, "ipip", $4, $5)
  else if ($1 == "link" && $2 == "vxlan" && NF == 9 && $3 ~ /^vxlan(-v6)?\.calico$/ && is_ip($4) && is_number($5) && is_number($6) && is_number($7) && is_ip($8) && is_mac($9)) {
    if (want_link($3, "vxlan", $4, $5)) { want_vni[$3] = $6; want_port[$3] = $7; want_local[$3] = $8; want_mac[$3] = $9 }
  }
  else if ($1 == "neigh" && NF == 4 && is_ip($2) && is_mac($3) && is_device($4)) want_neighbour($4 " " $2, $3)
  else if ($1 == "fdb" && NF == 4 && is_mac($2) && is_device($3) && is_ip($4)) want_forwarding($3 " " $2, $4)
  else if ($1 == "member" && NF == 3 && ($2 == "ipip" || $2 == "vxlan") && is_ip($3)) { add_element($2 "_members" v6($3), $3); other_node[$3] = 1 }
  else if ($1 == "source" && NF == 3 && is_ip($2) && is_prefix($3)) want_source($2, $3)
  else if ($1 == "pool" && NF == 3 && ($2 == "all" || $2 == "masquerade") && is_prefix($3)) add_range($2 "_pools" v6($3), "", $3)
  else if ($1 == "block" && NF == 4 && is_prefix($2) && is_number($3)) { add_range("own_blocks" v6($2), "", $2); block[++block_count] = $2 }
  else if ($1 == "workload" && NF == 5 && $2 ~ /^[a-z0-9][a-z0-9-]*$/ && is_ip($3) && is_number($4)) {
    workloads[++workload_count] = $2; want_workload[$2] = $3; workload_mtu[$2] = $4; workload_part[$2] = part; workload_address[$3] = 1
  }
  else return $1 == "route" && want_route()
  return 1
}

# What is kept and still used is wanted as if its part were in force; what is not is written to `unused`. A kept part is
# used when a route goes by its device and no part in force makes that, or by a neighbour that only the kept part knows.
function read_kept(   k, name, i) {
  for (k = 1; k <= kept_count; k++) {
    name = kepts[k]
    if (!is_kept_used(name)) { print name > file["unused"]; continue }
    part = name; sub(/^\.kept-/, "", part); sub(/-[0-9a-f]+$/, "", part)
    for (i = 1; i <= kept_lines[name]; i++) { $0 = kept_line[name, i]; read_statement() }
  }
}
function is_kept_used(name,   i, n, field, makes, knows) {
  for (i = 1; i <= kept_lines[name]; i++) {
    split(kept_line[name, i], field, " ")
    if (field[1] == "link" && !(field[3] in want_kind)) makes[field[3]] = 1
    else if (field[1] == "neigh" && !((field[4] " " field[2]) in want_neigh)) knows[field[4] " " field[2]] = 1
  }
  for (n = 1; n <= route_count; n++)
    if (route_dev[n] in makes || (route_dev[n] " " route_via[n]) in knows) return 1
  return 0
}

function is_octets(text,   octet, i) {
  if (split(text, octet, ".") != 4) return 0
  for (i = 1; i <= 4; i++) if (octet[i] !~ /^[0-9]+$/ || length(octet[i]) > 3 || octet[i] > 255) return 0
  return 1
}
function is_ip(text) { return text ~ /:/ ? text ~ /^[0-9a-f:.]+$/ && length(text) <= 45 : is_octets(text) }
function is_prefix(text,   half, n) {
  n = split(text, half, "/")
  return is_ip(half[1]) && (n == 1 || n == 2 && half[2] ~ /^[0-9]+$/ && half[2] <= 128)
}
function is_number(text) { return text ~ /^[0-9]+$/ && length(text) <= 10 }
function is_mac(text) { return text ~ /^[0-9a-f][0-9a-f](:[0-9a-f][0-9a-f])+$/ && length(text) == 17 }
function is_device(text) { return text ~ /^[A-Za-z0-9][A-Za-z0-9._-]*$/ && length(text) <= 15 }
function v6(text) { return text ~ /:/ ? "6" : "" }

# @returns whether nobody wanted it before
function want_link(name, kind, address, mtu) {
  if (name in want_kind) return 0
  want_kind[name] = kind; want_address[name] = address; want_mtu[name] = mtu; link_part[name] = part; wanted_links[++wanted_link_count] = name
  return 1
}
function want_neighbour(key, mac) {
  if (key in want_neigh) return
  want_neigh[key] = mac; neigh_part[key] = part; neighs[++neigh_count] = key
}
function want_forwarding(key, host) {
  if (key in want_fdb) return
  want_fdb[key] = host; fdb_part[key] = part; fdbs[++fdb_count] = key
  other_node[host] = 1
}

function want_source(host, prefix) {
  if (!(host in is_source)) { is_source[host] = 1; source_hosts[++source_host_count] = host }
  if ((host, prefix) in source_seen) return
  source_seen[host, prefix] = 1
  source_host[++source_count] = host; source_prefix[source_count] = prefix
}

# The number that stands for a node in a packet's mark follows from its address alone: it stays the same when others
# come and go, so that a packet may meet the ruleset of before and of after a change. An IPv6 address is longer than a
# mark: it is hashed, and goes on where taken.
function sources(   i, host, high, low) {
  for (i = 1; i <= source_host_count; i++) if (source_hosts[i] !~ /:/) {
    split(source_hosts[i], octet, ".")
    number_source(source_hosts[i], octet[1] * 256 + octet[2], octet[3] * 256 + octet[4])
  }
  for (i = 1; i <= source_host_count; i++) if ((host = source_hosts[i]) ~ /:/) {
    low = hash(host); high = int(low / 65536); low %= 65536
    while ((high, low) in number_taken) low = (low + 1) % 65536
    number_source(host, high, low)
  }
  for (i = 1; i <= source_count; i++) add_range("sources" v6(source_prefix[i]), node_number[source_host[i]] " . ", source_prefix[i])
}
function number_source(host, high, low) {
  number_taken[high, low] = 1
  # Some awks write no number above 2^31 in hexadecimal.
  node_number[host] = sprintf("0x%04x%04x", high, low)
  add_element("nodes" v6(host), host " : " node_number[host])
}
function hash(text,   i, sum) {
  for (i = 1; i <= length(text); i++) sum = (sum * 31 + index("0123456789abcdef:.", substr(text, i, 1))) % 4294967296
  return sum
}

# Ranges of one set must not overlap, and two parts are of different times while an update is on its way: of a block that
# was /24 and is /26 now, one still says the former. What a wider range of the same key covers adds nothing, and is left
# out by `ranges`.
function add_range(set, key, prefix,   half, length_of) {
  half[2] = ""; split(prefix, half, "/")
  length_of = half[2] == "" ? (prefix ~ /:/ ? 128 : 32) : half[2] + 0
  range_set[++range_count] = set; range_key[range_count] = key; range_prefix[range_count] = prefix
  range_hex[range_count] = hex_of(half[1]); range_length[range_count] = length_of
  has_length[set, length_of] = 1
  is_range[set, key, first_bits(range_hex[range_count], length_of), length_of] = 1
}
function ranges(   i, length_of, covered) {
  for (i = 1; i <= range_count; i++) {
    covered = 0
    for (length_of = 0; length_of < range_length[i] && !covered; length_of++)
      covered = (range_set[i], length_of) in has_length && (range_set[i], range_key[i], first_bits(range_hex[i], length_of), length_of) in is_range
    if (!covered) add_element(range_set[i], range_key[i] range_prefix[i])
  }
}
# An address as hexadecimal digits: 8 of IPv4, 32 of IPv6.
function hex_of(address,   n, i, word, hex, gap) {
  if (address !~ /:/) {
    split(address, word, ".")
    for (i = 1; i <= 4; i++) hex = hex sprintf("%02x", word[i])
    return hex
  }
  sub(/^::/, "0::", address); sub(/::$/, "::0", address)
  n = split(address, word, ":")
  for (i = 1; i <= n; i++) {
    if (word[i] != "") hex = hex substr("000" word[i], length(word[i]))
    else for (gap = 9 - n; gap > 0; gap--) hex = hex "0000"
  }
  return hex
}
function first_bits(hex, count,   whole, rest) {
  whole = int(count / 4); rest = count % 4
  return substr(hex, 1, whole) (rest ? "+" int((index("0123456789abcdef", substr(hex, whole + 1, 1)) - 1) / 2 ^ (4 - rest)) : "")
}

function add_element(set, element) {
  if ((set, element) in element_seen) return
  element_seen[set, element] = 1
  elements[set, ++element_count[set]] = element
}

# `route unicast|blackhole DST [via A] [dev D] proto P [scope link] [metric M] [onlink] [mtu N]`
function want_route(   i, n, type, dst, via, dev, proto, scope, metric, onlink, mtu) {
  if ($2 == "unicast") type = UNICAST; else if ($2 == "blackhole") type = BLACKHOLE; else return 0
  dst = $3
  if (!is_prefix(dst)) return 0
  metric = dst ~ /:/ ? 1024 : 0
  for (i = 4; i <= NF; i += 2) {
    if ($i == "via" && is_ip($(i + 1))) via = $(i + 1)
    else if ($i == "dev" && is_device($(i + 1))) dev = $(i + 1)
    else if ($i == "proto" && is_number($(i + 1))) proto = $(i + 1)
    else if ($i == "scope" && $(i + 1) == "link") scope = SCOPE_LINK
    else if ($i == "metric" && is_number($(i + 1))) metric = $(i + 1)
    else if ($i == "mtu" && is_number($(i + 1))) mtu = $(i + 1)
    else if ($i == "onlink") { onlink = "onlink"; i-- }
    else return 0
  }
  if (proto == "" || (type == UNICAST && dev == "") || (type == BLACKHOLE && via dev != "")) return 0
  if (via != "" && dev == "eth0") other_node[via] = 1
  n = ++route_count
  route_dst[n] = dst; route_type[n] = type; route_via[n] = via; route_dev[n] = dev; route_proto[n] = proto; route_scope[n] = scope + 0
  route_metric[n] = metric; route_onlink[n] = onlink; route_mtu[n] = mtu; route_part[n] = part
  return 1
}

# ---------------------------------------------------------------------------------------------- what Linux holds
/^= / { section = $2; if ($2 == "fdb") fdb_dev = $3; next }
section == "nft" { nft_line[++nft_lines] = $0; if ((getline line < nft_shown) <= 0 || line != $0) nft_changed = 1; next }
section == "fdb" { see_fdb(); next }
section == "udp" { if ($1 ~ /^[0-9]+:$/) { split($2, socket, ":"); has_socket[socket[2]] = 1 } next }
section == "workloads" { known_workloads[++known_count] = $1; seen_netns[$1] = $2 == "netns"; seen_veth[$1] = $3; seen_address[$1] = $4; next }
section == "ip" && $1 ~ /^[0-9]+:$/ { if ($3 ~ /^</) see_link(); else if ($3 ~ /^inet6?$/) see_address(); next }
section == "ip" && $2 == "dev" && / lladdr / { for (i = 3; i < NF; i++) if ($i == "lladdr") seen_neigh[$3 " " $1] = $(i + 1); next }
section == "ip" && $1 ~ /^[0-9]+$/ { seen_routes[++seen_route_count] = $0 }

function see_link(   name, at, i) {
  gsub(/\\/, " ")
  at = index($0, "    alias ")
  if (at > 0) { alias = substr($0, at + 10); $0 = substr($0, 1, at - 1) } else alias = ""
  name = $2; sub(/:$/, "", name); sub(/@.*/, "", name)
  has_link[name] = 1
  is_ours[name] = alias ~ /^overlaynet( |$)/
  is_up[name] = $3 ~ /[<,]UP[,>]/
  for (i = 4; i < NF; i++) {
    if ($i == "mtu") link_mtu[name] = $(i + 1)
    else if ($i ~ /^link\//) link_mac[name] = $(i + 1)
    else if ($i == "vxlan" && $(i + 1) ~ /^(id|external)$/) link_kind[name] = "vxlan"
    else if (link_kind[name] == "vxlan" && $i == "id") link_vni[name] = $(i + 1)
    else if (link_kind[name] == "vxlan" && $i ~ /^(external|gbp|gpe|remcsumrx|udp6zerocsumrx)$/) link_special[name] = $i
    else if ($i == "ipip") link_kind[name] = "ipip"
    else if ($i == "local" && link_kind[name] == "vxlan") link_local[name] = $(i + 1)
    else if ($i == "dev" && link_kind[name] == "vxlan") link_parent[name] = $(i + 1)
    else if ($i == "dstport") link_port[name] = $(i + 1)
    else if ($i == "nolearning") link_nolearning[name] = 1
  }
}

function see_address(   address) {
  address = $4; sub(/\/.*/, "", address)
  address_device[address] = $2
  if ($3 == "inet") seen_addresses[$2] = seen_addresses[$2] " " $4
  else if ($4 !~ /^fe80:/) seen_addresses[$2] = seen_addresses[$2] " " $4
}

# `MAC [dev D] dst IP … self permanent`; learned and static entries are nobody's.
function see_fdb(   i, dst) {
  if (!/ self/ || !/ permanent/) return
  for (i = 2; i < NF; i++) if ($i == "dst") dst = $(i + 1)
  if (dst != "") seen_fdb[++seen_fdb_count] = fdb_dev " " $1 " " dst
}

# ---------------------------------------------------------------------------------------------- the difference
function emit(to, part, program, command) { print command > file[to]; change(part, program " " command) }
function change(part, text) { print part "\t" text > file["changes"] }
function problem(part, text) { print part "\t" text > file["problems"] }
function read_line(path,   line) { line = ""; getline line < path; close(path); return line }
function read_file(path,   line, text) { while ((getline line < path) > 0) text = text line "\n"; close(path); return text }
function want_sysctl(part, path, value) {
  print "/proc/sys/net/" path, value > file["sysctl"]
  change(part, "sysctl net/" path "=" value)
}

END {
  if (bad) exit 3
  if (check) exit 0
  if (foreign) { foreign_things(); exit 0 }
  read_kept()
  for (name in is_ours) if (is_ours[name] && is_up[name] && name != DRAFT) print name > file["devices"]
  for (address in own_address) if (address in address_device && !is_ours[address_device[address]]) parent[v6(address)] = address_device[address]
  links_diff()
  neighbours_diff()
  routes_diff()
  sysctls()
  workloads_diff()
  sources()
  ranges()
  nft_diff()
  cni_diff()
  forget_neighbours()
}

# ---------------------------------------------------------------------------------------------- what is somebody else's
function foreign_things(   n, i, name, tunnels, count, some) {
  n = split("tunl0 vxlan.calico vxlan-v6.calico", tunnels, " ")
  for (i = 1; i <= n; i++) {
    name = tunnels[i]
    if (!first && !(name in want_kind)) continue
    # At the first push an address that is as wanted shows nothing: Calico may have come to the same one.
    if (name == "tunl0" ? is_tunl0_foreign(first ? "" : want_address[name]) : is_vxlan_foreign(name)) print name == "tunl0" ? tunl0_in_use() : vxlan_in_use(name)
  }
  for (i = 1; i <= wanted_link_count; i++) if (want_kind[wanted_links[i]] == "vxlan" && (some = rival(wanted_links[i])) != "") print some
  if (!first) return
  for (i = 1; i <= seen_route_count; i++) {
    parse_route(seen_routes[i])
    if (r_table == MAIN && r_proto == PROTO_FELIX && ++count == 1) some = readable(seen_routes[i])
  }
  if (count) print "there are routes of protocol 80, which is Felix' and ours: " some (count > 1 ? " and " count - 1 " more" : "") ". Remove Calico from this node, or this node from the cluster; \"ip route flush table main proto 80\" removes routes that nobody needs"
}

# The kernel's module makes tunl0 by itself: bare, it is nobody's.
function is_tunl0_foreign(own) {
  return "tunl0" in has_link && !is_ours["tunl0"] && (is_up["tunl0"] || seen_addresses["tunl0"] != "") && (own == "" || seen_addresses["tunl0"] != " " single(own))
}
function tunl0_in_use() {
  return "tunl0 is in use by something else (" (seen_addresses["tunl0"] == "" ? "it is up" : "address" seen_addresses["tunl0"]) ", alias not \"overlaynet\"); Calico itself may run here. Take its addresses away and set it down, or remove this node from the cluster"
}
function is_vxlan_foreign(name) { return name in has_link && !is_ours[name] }
function vxlan_in_use(name) {
  return "there is a device " name " that is not ours (its alias is not \"overlaynet\"); Calico itself may run here. Remove it, or this node from the cluster"
}

# What keeps the kernel from making a VXLAN device: on its port, another device with its VNI or with options of its own,
# or a program. Sockets of IPv4 and of IPv6 are different ones.
# @returns what it is, or nothing
function rival(name,   other, needs, shared) {
  needs = ", which " name " needs. Remove it, give the overlay another VNI or port, or take this node from the cluster"
  for (other in has_link) {
    if (link_kind[other] != "vxlan" || link_port[other] != want_port[name]) continue
    shared = 1
    if (other == name || other == DRAFT || is_ours[other] || (link_local[other] ~ /:/) != (want_local[name] ~ /:/)) continue
    if (link_special[other] != "") return "the VXLAN device " other " (" link_special[other] ") has UDP port " want_port[name] " for itself" needs
    if (link_vni[other] == want_vni[name]) return "the VXLAN device " other " has VNI " want_vni[name] " on UDP port " want_port[name] needs
  }
  if (!shared && sprintf("%04X", want_port[name]) in has_socket) return "a program listens on UDP port " want_port[name] " (\"ss -lunp sport = :" want_port[name] "\" names it)" needs
  return ""
}

# The other nodes of the link are not all the machines that they were: see `forget` in overlaynet-apply.
function forget_neighbours(   address, dev) {
  if (incarnation == "" || incarnation == read_line(run "/incarnation")) return
  for (address in other_node) {
    dev = parent_of(address)
    if (dev != "" && !(address in own_address)) print dev, address > file["neighbours"]
  }
  print "forget " incarnation > file["actions"]
  change(incarnation_part, "neigh change of learned MAC addresses of other nodes: their link's incarnation is " incarnation)
}

function parent_of(text) { return v6(text) in parent ? parent[v6(text)] : parent[""] }

function links_diff(   i, name, missing) {
  if (DRAFT in has_link) emit("links", "tunnel-vxlan", "ip", "link del dev " DRAFT)
  for (i = 1; i <= wanted_link_count; i++) {
    name = wanted_links[i]
    if (want_kind[name] == "vxlan") vxlan_diff(name); else ipip_diff(name)
  }
  for (name in is_ours) {
    if (!is_ours[name] || name in want_kind || name == DRAFT) continue
    if (link_kind[name] == "vxlan") emit("after", "tunnel-vxlan", "ip", "link del dev " name)
    # The kernel keeps tunl0 while its module is loaded, as Calico does: it is left as the module made it.
    else if (name == "tunl0") {
      addresses_diff("tunnel-ipip", name, "")
      emit("after", "tunnel-ipip", "ip", "link set dev tunl0 down mtu 1480")
      emit("after", "tunnel-ipip", "ip", "link set dev tunl0 alias \"\"")
    }
  }
}

function vxlan_diff(name,   part, up, other) {
  part = link_part[name]; up = want_local[name] in address_device ? address_device[want_local[name]] : ""
  if (up == "") return waiting(part, want_local[name])
  if (is_vxlan_foreign(name)) { not_ours[name] = 1; return problem(part, vxlan_in_use(name)) }
  if ((other = rival(name)) != "") { not_ours[name] = 1; return problem(part, other) }
  if (name in has_link && (link_kind[name] != "vxlan" || link_vni[name] != want_vni[name] || link_port[name] != want_port[name] || link_local[name] != want_local[name] || link_parent[name] != up || !link_nolearning[name])) {
    emit("links", part, "ip", "link del dev " name)
    renewed[name] = 1
  }
  if (!(name in has_link) || name in renewed) {
    emit("links", part, "ip", "link add name " DRAFT " address " want_mac[name] " mtu " want_mtu[name] " type vxlan id " want_vni[name] " local " want_local[name] " dev " up " dstport " want_port[name] " nolearning")
    emit("links", part, "ip", "link set dev " DRAFT " alias " OURS)
    emit("links", part, "ip", "link set dev " DRAFT " name " name)
    emit("links", part, "ip", "address add " single(want_address[name]) " dev " name)
    emit("links", part, "ip", "link set dev " name " up")
    renewed[name] = 1
    return
  }
  if (link_mac[name] != want_mac[name]) emit("links", part, "ip", "link set dev " name " address " want_mac[name])
  common_diff(name)
}

function ipip_diff(name,   part) {
  part = link_part[name]
  if (!(name in has_link)) return problem(part, "there is no device tunl0: the kernel has no module ipip, or it is not allowed to load it")
  if (!is_ours[name]) {
    if (is_tunl0_foreign(want_address[name])) { not_ours[name] = 1; return problem(part, tunl0_in_use()) }
    emit("links", part, "ip", "link set dev tunl0 alias " OURS)
  }
  common_diff(name)
}

function common_diff(name,   part) {
  part = link_part[name]
  if (link_mtu[name] != want_mtu[name]) emit("links", part, "ip", "link set dev " name " mtu " want_mtu[name])
  addresses_diff(part, name, single(want_address[name]))
  if (!is_up[name]) emit("links", part, "ip", "link set dev " name " up")
}

function addresses_diff(part, name, wanted,   list, i, n, found) {
  n = split(seen_addresses[name], list, " ")
  for (i = 1; i <= n; i++) if (list[i] == wanted) found = 1; else emit("after", part, "ip", "address del " list[i] " dev " name)
  if (wanted != "" && !found) emit("links", part, "ip", "address add " wanted " dev " name)
}

function single(address) { return address (address ~ /:/ ? "/128" : "/32") }

function waiting(part, address) {
  if (!told_waiting) { printf "" > (work "/waiting"); problem(part, "no interface has the node's address " address) }
  told_waiting = 1
}

# A device that could not be made takes no entries; those of one made anew are gone.
function usable(dev) { return dev in want_kind && !(dev in not_ours) && (dev in has_link || dev in renewed) }
function holds(dev) { return is_ours[dev] && !(dev in renewed) }

function neighbours_diff(   i, key, field, seen) {
  for (i = 1; i <= neigh_count; i++) {
    key = neighs[i]; split(key, field, " ")
    if (usable(field[1]) && !(holds(field[1]) && seen_neigh[key] == want_neigh[key])) emit("links", neigh_part[key], "ip", "neigh replace " field[2] " lladdr " want_neigh[key] " dev " field[1] " nud permanent")
  }
  for (key in seen_neigh) {
    split(key, field, " ")
    if (field[1] in want_kind && link_kind[field[1]] == "vxlan" && holds(field[1]) && !(key in want_neigh)) emit("after", link_part[field[1]], "ip", "neigh del " field[2] " dev " field[1])
  }
  # One MAC address may have several entries; the first one is the one that `replace` changes.
  for (i = 1; i <= seen_fdb_count; i++) {
    split(seen_fdb[i], field, " "); key = field[1] " " field[2]
    if (key in want_fdb && want_fdb[key] == field[3]) seen[key] = "right"
    else if (seen[key] == "") seen[key] = "wrong"
  }
  for (i = 1; i <= fdb_count; i++) {
    key = fdbs[i]; split(key, field, " ")
    if (usable(field[1]) && !(holds(field[1]) && seen[key] == "right")) emit("bridge", fdb_part[key], "bridge", "fdb replace " field[2] " dev " field[1] " dst " want_fdb[key] " self permanent")
  }
  for (i = 1; i <= seen_fdb_count; i++) {
    split(seen_fdb[i], field, " "); key = field[1] " " field[2]
    if (!(field[1] in want_kind) || !holds(field[1]) || (key in want_fdb && want_fdb[key] == field[3])) continue
    # The first wrong one is replaced where none is right.
    if (key in want_fdb && seen[key] == "wrong") { seen[key] = "replaced"; continue }
    emit("bridge-after", link_part[field[1]], "bridge", "fdb del " field[2] " dev " field[1] " dst " field[3] " self")
  }
}

# A route of the dump into the variables r_*; `-N -d -o` makes every field a number and every route one line.
function parse_route(line,   token, n, i) {
  n = split(line, token, " ")
  r_type = token[1]; r_dst = token[2]; r_via = r_dev = r_onlink = r_mtu = r_extra = r_tos = ""; r_table = MAIN; r_proto = 3; r_scope = 0; r_metric = 0
  for (i = 3; i <= n; i++) {
    if (token[i] == "via") r_via = token[++i]
    else if (token[i] == "dev") r_dev = token[++i]
    else if (token[i] == "table") r_table = token[++i]
    else if (token[i] == "proto") r_proto = token[++i]
    else if (token[i] == "scope") r_scope = token[++i]
    else if (token[i] == "metric") r_metric = token[++i]
    else if (token[i] == "mtu") r_mtu = token[++i]
    else if (token[i] == "onlink") r_onlink = "onlink"
    else if (token[i] == "pref") i++
    else if (token[i] == "tos") { r_tos = token[++i]; r_extra = r_extra " tos " r_tos }
    else if (token[i] == "linkdown" || token[i] == "dead") continue
    else r_extra = r_extra " " token[i]
  }
  if (r_type == BLACKHOLE) r_dev = ""
  if (r_dst ~ /:/) r_scope = 0
}

function routes_diff(   i, n, key, count, at, ours, sign) {
  for (n = 1; n <= route_count; n++) {
    key = route_dst[n] " " route_metric[n]
    if (key in by_key) { problem(route_part[n], "two routes to " route_dst[n]); skip[n] = 1; continue }
    by_key[key] = n
    if (route_dev[n] == "eth0") {
      route_dev[n] = parent_of(route_dst[n])
      if (route_dev[n] == "") { skip[n] = 1; for (at in own_address) if (!(at in address_device)) waiting(route_part[n], at) }
    }
    else if (route_dev[n] != "" && !usable(route_dev[n])) { skip[n] = 1; if (!(route_dev[n] in want_kind)) problem(route_part[n], "the route to " route_dst[n] " is on " route_dev[n] ", which no part makes") }
    route_sign[n] = route_type[n] "|" route_via[n] "|" route_dev[n] "|" route_proto[n] "|" (route_dst[n] ~ /:/ ? 0 : route_scope[n]) "|" route_onlink[n] "|" route_mtu[n] "|"
  }
  for (i = 1; i <= seen_route_count; i++) {
    parse_route(seen_routes[i])
    if (r_table != MAIN) continue
    key = r_dst " " r_metric
    ours = r_proto == PROTO_FELIX || (r_dev != "" && r_proto != PROTO_KERNEL && is_ours[r_dev] && link_kind[r_dev] == "vxlan")
    if (ours && r_dev != "" && r_dev in renewed) continue
    if (!ours) {
      if (key in by_key) conflict[key] = seen_routes[i]
      if (r_via == "" && r_type == UNICAST && r_dst !~ /\// && r_dev != "" && !is_ours[r_dev] && r_dev != "lo") local_route(r_dst, r_dev)
      continue
    }
    n = by_key[key]
    sign = r_type "|" r_via "|" r_dev "|" r_proto "|" r_scope "|" r_onlink "|" r_mtu "|" r_extra
    if (n != "" && sign == route_sign[n] && !(n in found)) found[n] = 1
    else { stale[++count] = i; if (n != "" && !(n in first_stale)) first_stale[n] = count }
  }
  for (n = 1; n <= route_count; n++) {
    if (n in skip || n in found) continue
    key = route_dst[n] " " route_metric[n]
    # `replace` takes the first route with this destination and metric, whosever it is.
    if (key in conflict) { problem(route_part[n], "there is a route to " route_dst[n] " that is not ours: " readable(conflict[key]) ". Remove it, or give the pool other addresses"); continue }
    if (n in first_stale) replaced[first_stale[n]] = 1
    emit("routes", route_part[n], "ip", "route " (n in first_stale ? "replace" : "add") " " route_words(n))
  }
  for (i = 1; i <= count; i++) {
    if (i in replaced) continue
    parse_route(seen_routes[stale[i]])
    n = by_key[r_dst " " r_metric]
    # While the interface is not there yet, what would become of its routes is not known.
    if (n != "" && n in skip) continue
    # A device that goes takes its routes along.
    if (r_dev != "" && is_ours[r_dev] && link_kind[r_dev] == "vxlan" && !(r_dev in want_kind)) continue
    emit("after", "routes", "ip", "route del " (r_type == BLACKHOLE ? "blackhole " : "") r_dst (r_tos == "" ? "" : " tos " r_tos) (r_via == "" || r_extra ~ /nexthop/ ? "" : " via " r_via) (r_dev == "" || r_extra ~ /nexthop/ ? "" : " dev " r_dev) " proto " r_proto " metric " r_metric)
  }
}

function route_words(n) {
  return (route_type[n] == BLACKHOLE ? "blackhole " : "") route_dst[n] (route_via[n] == "" ? "" : " via " route_via[n]) (route_dev[n] == "" ? "" : " dev " route_dev[n]) \
    " proto " route_proto[n] (route_scope[n] ? " scope link" : "") (route_metric[n] ? " metric " route_metric[n] : "") (route_onlink[n] == "" ? "" : " onlink") (route_mtu[n] == "" ? "" : " mtu " route_mtu[n])
}
function readable(line) { sub(/^[0-9]+ /, "", line); return line }

# An address of one of our blocks with a device of its own is a workload, whoever attached it.
function local_route(address, dev,   i) {
  veth_of[address] = dev
  if (address in workload_address) return add_workload(address, dev)
  for (i = 1; i <= block_count; i++) if (is_inside(address, block[i])) return add_workload(address, dev)
}
function add_workload(address, dev) {
  if (!is_device(dev)) return
  add_element("by_device", "\"" dev "\" : jump from_workload")
  add_element("workloads" v6(address), "\"" dev "\" . " address)
}
function is_inside(address, cidr,   half, size) {
  if (address ~ /:/ || cidr ~ /:/) return 0
  if (split(cidr, half, "/") == 1) return address == cidr
  size = 2 ^ (32 - half[2])
  return int(to_number(address) / size) == int(to_number(half[1]) / size)
}
function to_number(address,   octet) { split(address, octet, "."); return ((octet[1] * 256 + octet[2]) * 256 + octet[3]) * 256 + octet[4] }

# Packets of CrossSubnet may come directly and be answered through the tunnel: reverse path filtering has to be loose on
# both. What it would have caught, nftables does.
function sysctls(   i, name, up, all) {
  if (part_count == 0) return
  if (read_line("/proc/sys/net/ipv4/ip_forward") != "1") want_sysctl("routes", "ipv4/ip_forward", 1)
  all = read_line("/proc/sys/net/ipv4/conf/all/rp_filter")
  for (i = 1; i <= wanted_link_count; i++) {
    name = wanted_links[i]
    if (usable(name) && name in has_link && !(name in renewed) && read_line("/proc/sys/net/ipv4/conf/" name "/rp_filter") != "2") want_sysctl(link_part[name], "ipv4/conf/" name "/rp_filter", 2)
  }
  up = parent[""]
  if (up != "" && (read_line("/proc/sys/net/ipv4/conf/" up "/rp_filter") == "1" || (all == "1" && read_line("/proc/sys/net/ipv4/conf/" up "/rp_filter") != "2"))) want_sysctl("routes", "ipv4/conf/" up "/rp_filter", 2)
  for (i = 1; i <= route_count; i++) if (route_dst[i] ~ /:/) break
  if (i > route_count || read_line("/proc/sys/net/ipv6/conf/all/forwarding") == "1") return
  # A router does not listen to router advertisements unless told to: the node would lose its own default route.
  up = parent_of("::")
  if (up != "" && read_line("/proc/sys/net/ipv6/conf/" up "/accept_ra") == "1") want_sysctl("routes", "ipv6/conf/" up "/accept_ra", 2)
  want_sysctl("routes", "ipv6/conf/all/forwarding", 1)
}

function action(part, words) { print words > file["actions"]; change(part, words) }

function workloads_diff(   i, name, veth) {
  for (i = 1; i <= known_count; i++) if (!(known_workloads[i] in want_workload)) action("workload-" known_workloads[i], "detach " known_workloads[i])
  for (i = 1; i <= workload_count; i++) {
    name = workloads[i]; veth = seen_veth[name]
    if (!seen_netns[name] || seen_address[name] != want_workload[name] || !(veth in has_link) || veth_of[want_workload[name]] != veth) action(workload_part[name], "attach " name " " want_workload[name] " " workload_mtu[name])
    else if (link_mtu[veth] != workload_mtu[name]) action(workload_part[name], "mtu " name " " veth " " workload_mtu[name])
  }
}

function cni_diff(   wanted, is) {
  wanted = read_file(parts "/routes/10-overlaynet.conflist"); is = read_file("/etc/cni/net.d/10-overlaynet.conflist")
  if (wanted != is) action("routes", (wanted == "" ? "remove" : "write") " /etc/cni/net.d/10-overlaynet.conflist")
}

# ---------------------------------------------------------------------------------------------- nftables
# Written piece by piece, as a string that grows to thousands of elements takes the square of the time.
function rule(text) { print text > nft_wanted }
function set(name, type, flags) {
  rule("  set " name " {\n    type " type (flags == "" ? "" : "\n    flags " flags))
  close_set(name)
}
function map(name, type) { rule("  map " name " {\n    type " type); close_set(name) }
function close_set(name,   i) {
  if (element_count[name]) rule("    elements = {")
  for (i = 1; i <= element_count[name]; i++) rule("      " elements[name, i] (i < element_count[name] ? "," : "\n    }"))
  rule("  }")
}

function ruleset(   i, n, name, input, unwanted, notrack, ports, tunnels) {
  unwanted = "ip protocol 4 counter drop\n"
  ports[4789] = 1
  for (i = 1; i <= wanted_link_count; i++) {
    name = wanted_links[i]
    if (want_kind[name] == "ipip") input = input "    ip protocol 4 jump ipip\n"
    else {
      ports[want_port[name]] = 1
      # Other tunnels may use the port: the VNI, 24 bits after 8 bytes of UDP and 4 of VXLAN, says whose it is.
      input = input "    meta nfproto " (want_local[name] ~ /:/ ? "ipv6" : "ipv4") " udp dport " want_port[name] " @th,96,24 " want_vni[name] " jump vxlan_in\n"
      notrack = notrack "    udp dport " want_port[name] " @th,96,24 " want_vni[name] " notrack\n"
    }
  }
  for (i in ports) unwanted = unwanted "    udp dport " i " counter drop\n"
  rule("table inet overlaynet {")
  set("ipip_members", "ipv4_addr"); set("vxlan_members", "ipv4_addr"); set("vxlan_members6", "ipv6_addr")
  map("nodes", "ipv4_addr : mark"); map("nodes6", "ipv6_addr : mark")
  set("sources", "mark . ipv4_addr", "interval"); set("sources6", "mark . ipv6_addr", "interval")
  set("all_pools", "ipv4_addr", "interval"); set("all_pools6", "ipv6_addr", "interval")
  set("masquerade_pools", "ipv4_addr", "interval"); set("masquerade_pools6", "ipv6_addr", "interval")
  set("own_blocks", "ipv4_addr", "interval"); set("own_blocks6", "ipv6_addr", "interval")
  set("workloads", "ifname . ipv4_addr"); set("workloads6", "ifname . ipv6_addr")
  # Sets without a name, `{ … }`, would not do: while their rule is replaced, a packet on its way can find them empty.
  add_element("by_device", "\"lo\" : accept")
  n = split("tunl0 vxlan.calico vxlan-v6.calico", tunnels, " ")
  for (i = 1; i <= n; i++) { add_element("tunnels", "\"" tunnels[i] "\""); add_element("by_device", "\"" tunnels[i] "\" : jump decapsulated") }
  set("tunnels", "ifname"); map("by_device", "ifname : verdict")
  # Every packet of the node comes through here: what has been looked at whole is accepted at once, and asks nothing
  # more.
  rule("  chain prerouting {\n    type filter hook prerouting priority raw; policy accept;\n" \
    "    iifname vmap @by_device\n" \
    "    ip protocol 4 ip saddr @ipip_members notrack accept\n" notrack \
    "    ip saddr @own_blocks fib saddr . iif oif missing counter drop\n    ip6 saddr @own_blocks6 fib saddr . iif oif missing counter drop\n  }")
  rule("  chain output {\n    type filter hook output priority raw; policy accept;\n    ip protocol 4 ip daddr @ipip_members notrack\n" notrack "  }")
  rule("  chain input {\n    type filter hook input priority filter; policy accept;\n" input "  }")
  # The mark carries the sender's number through decapsulation: it is set on the outer packet and looked at on the inner
  # one.
  rule("  chain ipip {\n    ip saddr @ipip_members meta mark set ip saddr map @nodes accept\n    counter drop\n  }")
  rule("  chain vxlan_in {\n    ip saddr @vxlan_members meta mark set ip saddr map @nodes accept\n    ip6 saddr @vxlan_members6 meta mark set ip6 saddr map @nodes6 accept\n    counter drop\n  }")
  rule("  chain decapsulated {\n    meta mark . ip saddr @sources meta mark set 0 accept\n    meta mark . ip6 saddr @sources6 meta mark set 0 accept\n    counter drop\n  }")
  rule("  chain from_workload {\n    " unwanted "    iifname . ip saddr @workloads accept\n    iifname . ip6 saddr @workloads6 accept\n    ip6 saddr :: return\n    ip6 saddr fe80::/10 return\n    counter drop\n  }")
  rule("  chain postrouting {\n    type nat hook postrouting priority srcnat; policy accept;\n" \
    "    ip saddr @masquerade_pools ip daddr != @all_pools masquerade fully-random\n    ip6 saddr @masquerade_pools6 ip6 daddr != @all_pools6 masquerade fully-random\n" \
    "    oifname @tunnels fib saddr type local fib saddr . oif type != local masquerade fully-random\n  }\n}")
}

# What was loaded last, and how nftables showed it right after, are kept: who compares both sees every change made
# since, whatever way nftables shows its rules. A table whose sets and chains are there is changed by elements and
# rules, in one transaction. Were it replaced, a packet on its way could meet rules of before with sets of after, or the
# chains of both tables, and be dropped.
function nft_diff(   verb, changed) {
  if (part_count == 0 && nft_lines == 0) return
  verb = part_count == 0 ? "delete" : "load"
  if (verb == "load") {
    printf "" > nft_wanted
    ruleset()
    close(nft_wanted)
    changed = nft_changed || (getline line < nft_shown) > 0
    close(nft_shown)
    if (nft_lines && (!changed || nft_drift())) {
      if (mend_count == 0 && same(nft_wanted, nft_loaded)) return
      if (nft_update()) verb = "update"
    }
  }
  print verb > (work "/nft")
  change(has_part("routes") ? "routes" : part_count ? PARTS[1] : "-", "nft " verb " table inet overlaynet")
}

# A line that nftables shows: rules of a chain in their order, elements of a set in none, as a set that grows changes
# it; all else as `frame`.
function see_ruleset(which, text,   n, i, part) {
  if (text ~ /^\t[a-z]+ [a-z0-9_]+ \{$/) { shown_object = text; gsub(/[\t{]/, "", shown_object); sub(/ $/, "", shown_object) }
  if (text !~ /^\t\t/ || text ~ /^\t\t(type|typeof|flags|policy) /) shown_frame[which] = shown_frame[which] text "\n"
  else if (shown_object ~ /^chain /) shown_rules[which, shown_object] = shown_rules[which, shown_object] text "\n"
  else {
    sub(/elements = \{/, "", text); gsub(/[\t{}]/, "", text)
    n = split(text, part, ",")
    for (i = 1; i <= n; i++) {
      gsub(/^ +| +$/, "", part[i])
      if (part[i] == "") continue
      shown[which, shown_object, part[i]] = 1
      shown_list[which, ++shown_count[which]] = shown_object SUBSEP part[i]
    }
  }
}

# What somebody changed: chains as `drifted`, elements as `mends`. @returns whether all sets and chains are there still
function nft_drift(   i, at, object) {
  while ((getline line < nft_shown) > 0) see_ruleset("was", line)
  close(nft_shown)
  for (i = 1; i <= nft_lines; i++) see_ruleset("seen", nft_line[i])
  if (shown_frame["was"] != shown_frame["seen"]) return 0
  for (at in shown_rules) {
    split(at, object, SUBSEP)
    if (!(object[2] in drifted) && shown_rules["was", object[2]] != shown_rules["seen", object[2]]) { drifted[object[2]] = 1; mend_count++ }
  }
  mends_of("delete", "seen", "was")
  mends_of("add", "was", "seen")
  return 1
}
function mends_of(verb, from, other,   i, half) {
  for (i = 1; i <= shown_count[from]; i++) {
    if ((other, shown_list[from, i]) in shown) continue
    split(shown_list[from, i], half, SUBSEP)
    mends[++mend_count] = element_command(verb, half[1], half[2])
  }
}
# nftables 1.0.6 deletes a single address from a set of ranges under a key only where it is written as a range.
function element_command(verb, object, element,   words) {
  split(object, words, " ")
  if (words[2] ~ /^sources/ && element !~ /[\/-]/) element = element (element ~ /:/ ? "/128" : "/32")
  return verb " element inet overlaynet " words[2] " { " element " }"
}

# Reads a ruleset as `ruleset` writes it, as nft_drift does one that nftables shows.
function read_ruleset(path, which,   object) {
  frame[which] = ""
  while ((getline line < path) > 0) {
    if (line ~ /^      /) { sub(/^ +/, "", line); sub(/ *,$/, "", line); held[which, object, line] = 1; list[which, ++list_count[which]] = object SUBSEP line }
    else if (line ~ /^    [^ ]/ && object ~ /^chain / && line !~ /^    type /) rules[which, object] = rules[which, object] line "\n"
    else if (line !~ /^    (elements = \{|\})$/) {
      frame[which] = frame[which] line "\n"
      if (line !~ /^  [a-z]+ [a-z0-9_]+ \{$/) continue
      object = line; sub(/^ +/, "", object); sub(/ \{$/, "", object)
      if (which == "wanted") objects[++object_count] = object
    }
  }
  close(path)
}

# @returns whether it can be done; not when sets or chains themselves differ, as after a new version of this program
function nft_update(   i, k, name, words, lines, n) {
  read_ruleset(nft_loaded, "loaded"); read_ruleset(nft_wanted, "wanted")
  if (frame["loaded"] != frame["wanted"]) return 0
  printf "" > nft_change
  # Away before there: intervals may not overlap, and a key may have another value.
  for (i = 1; i <= mend_count; i++) if (i in mends) print mends[i] > nft_change
  elements_update("delete", "loaded", "wanted")
  elements_update("add", "wanted", "loaded")
  for (i = 1; i <= object_count; i++) {
    name = objects[i]
    if (name !~ /^chain / || (rules["loaded", name] == rules["wanted", name] && !(name in drifted))) continue
    split(name, words, " ")
    print "flush chain inet overlaynet " words[2] > nft_change
    n = split(rules["wanted", name], lines, "\n")
    for (k = 1; k < n; k++) print "add rule inet overlaynet " words[2] " " lines[k] > nft_change
  }
  close(nft_change)
  return 1
}
function elements_update(verb, from, other,   i, half) {
  for (i = 1; i <= list_count[from]; i++) {
    if ((other, list[from, i]) in held) continue
    split(list[from, i], half, SUBSEP)
    print element_command(verb, half[1], half[2]) > nft_change
  }
}
function same(one, other,   line, other_line, differ) {
  while (!differ && (getline line < one) > 0) differ = (getline other_line < other) <= 0 || line != other_line
  differ = differ || (getline other_line < other) > 0
  close(one); close(other)
  return !differ
}
function has_part(name,   i) { for (i = 1; i <= part_count; i++) if (PARTS[i] == name) return 1; return 0 }
