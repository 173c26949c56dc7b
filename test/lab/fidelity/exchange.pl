# Sends and receives packets in many network namespaces, as one process: a socket stays in the namespace that it was
# opened in.
#
# Arguments: namespaces. The first one is a router's: packets are sent by its routes. The others' are sent as frames at
# their device ens5. Standard input: "send <index> <hex>"; "settle <milliseconds>", to be told when nothing has arrived
# for so long. Standard output: "got <index> <hex>" for every IPv4 packet that arrives, its first 64 bytes; "settled".
use strict;
use warnings;
use Socket qw(AF_INET SOCK_RAW inet_aton pack_sockaddr_in);

my ($AF_PACKET, $ETH_P_IP, $SIOCGIFINDEX, $CLONE_NEWNET, $IPPROTO_RAW) = (17, 0x0800, 0x8933, 0x40000000, 255);
my $SYS_SETNS = 308;    # x86_64

my (@receivers, @senders);
for my $name (@ARGV) {
    open(my $namespace, '<', "/run/netns/$name") or die "$name: $!\n";
    syscall($SYS_SETNS, fileno($namespace), $CLONE_NEWNET) == 0 or die "$name: $!\n";
    close($namespace);
    socket(my $packets, $AF_PACKET, SOCK_RAW, unpack('S', pack('n', $ETH_P_IP))) or die "$name: $!\n";
    if (@receivers == 0) {
        socket(my $raw, AF_INET, SOCK_RAW, $IPPROTO_RAW) or die "$name: $!\n";
        push @senders, $raw;
    } else {
        my $request = pack('a16 x24', 'ens5');
        ioctl($packets, $SIOCGIFINDEX, $request) or die "$name: ens5: $!\n";
        bind($packets, pack('S n i S C C x8', $AF_PACKET, $ETH_P_IP, unpack('x16 i', $request), 0, 0, 0)) or die "$name: $!\n";
        push @senders, $packets;
    }
    push @receivers, $packets;
}

$| = 1;
print "settled\n";
my $input = '';
while (sysread(STDIN, $input, 1 << 20, length $input)) {
    while ((my $end = index($input, "\n")) >= 0) {
        my ($verb, $value, $hex) = split / /, substr($input, 0, $end);
        substr($input, 0, $end + 1) = "";
        if ($verb eq 'settle') {
            1 while receive($value / 1000);
            print "settled\n";
            next;
        }
        my $bytes = pack('H*', $hex);
        # What is too long for the device, or for a place that no route leads to, is not sent.
        my $destination = substr($bytes, 16, 4);
        my $to = $value == 0 ? pack_sockaddr_in(0, $destination) : undef;
        defined($to ? send($senders[$value], $bytes, 0, $to) : send($senders[$value], $bytes, 0)) or $!{EMSGSIZE} or $!{ENETUNREACH} or die "$ARGV[$value]: $!\n";
        receive(0);
    }
}

# Prints what has arrived; false when nothing does within so many seconds.
sub receive {
    my ($patience) = @_;
    my $ready = '';
    vec($ready, fileno($_), 1) = 1 for @receivers;
    return 0 unless select($ready, undef, undef, $patience) > 0;
    for my $index (0 .. $#receivers) {
        next unless vec($ready, fileno($receivers[$index]), 1);
        defined(recv($receivers[$index], my $frame, 65536, 0)) or die "$ARGV[$index]: $!\n";
        print "got $index ", unpack('H*', substr($frame, 14, 64)), "\n";
    }
    return 1;
}
