#!/usr/bin/perl
# Traffic of one workload to all others, by sequence numbers: UDP at a fixed rate to every peer and a TCP connection to
# every peer that is kept for as long as this runs. Run in the workload's network namespace; perl-base only.
#   traffic.pl RATE REPORT OWN PEER...
# SIGUSR1 begins a new phase; SIGUSR2 ends sending, and REPORT.stopped says that it has ended; SIGTERM, when nobody
# sends any more, ends all: the report, JSON, is written to the file REPORT:
#   sent {peer: [packets by phase]}, missing {peer: [numbers that never came from there]},
#   tcp {peer: {lines, error}}: lines that came back over the connection to that peer; error is "" unless it was refused, reset or timed out
use strict;
use warnings;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($rate, $report, $own, @peers) = @ARGV;
my $port = 7001;
my ($phase, $stop, $end) = (0, 0, 0);
$SIG{USR1} = sub { $phase++ };
$SIG{USR2} = sub { $stop = 1 };
$SIG{TERM} = sub { $end = 1 };
$SIG{PIPE} = 'IGNORE';
sub now { return clock_gettime(CLOCK_MONOTONIC) }

# Longer than any pause of this machine: what is counted is what the network loses, not what a slow reader does.
socket(my $udp, PF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
setsockopt($udp, SOL_SOCKET, 33, pack('i', 64 << 20)) or die "SO_RCVBUFFORCE: $!\n";
bind($udp, sockaddr_in($port, inet_aton($own))) or die "bind $own: $!\n";
nonblocking($udp);
socket(my $listener, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1);
bind($listener, sockaddr_in($port, inet_aton($own))) or die "bind $own: $!\n";
listen($listener, 64) or die "listen: $!\n";
nonblocking($listener);
sub nonblocking { my ($s) = @_; fcntl($s, F_SETFL, fcntl($s, F_GETFL, 0) | O_NONBLOCK) }

my (%address, %next, %peer_at, %seen, %highest, %sent, %tcp, %client, @served);
for my $peer (@peers) {
    $address{$peer} = sockaddr_in($port, inet_aton($peer));
    $peer_at{$address{$peer}} = $peer;
    $sent{$peer} = [0];
    $next{$peer} = 0;
    ($seen{$peer}, $highest{$peer}) = ('', -1);
    $tcp{$peer} = { lines => 0, error => '' };
}
# The others may not listen yet.
for my $peer (@peers) {
    for my $try (1 .. 200) {
        socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
        if (connect($s, $address{$peer})) { setsockopt($s, IPPROTO_TCP, TCP_NODELAY, 1); nonblocking($s); $client{$peer} = $s; last }
        close($s);
        select(undef, undef, undef, 0.05);
    }
    $tcp{$peer}{error} = 'no connection' unless $client{$peer};
    accept_all();
}
mark('ready');
sub mark { my ($what) = @_; open(my $file, '>', "$report.$what") or die "$report.$what: $!\n"; close($file) }

# A lab node pays for a system call with two turns of its machine's processes. So only sending keeps to the millisecond:
# what has arrived waits for its turn, in a buffer that holds seconds of it, and connections carry 20 lines a second.
my ($number, $line, $begun, $turn, $told) = (0, 0, now(), 0, 0);
until ($end) {
    if ($stop && !$told) { mark('stopped'); $told = 1 }
    my $time = now() - $begun;
    my $due = $stop ? $number : int($time * $rate);
    for (; $number < $due; $number++) {
        # What the sender itself has no room for takes no number.
        for my $peer (@peers) { send($udp, pack('N', $next{$peer}), 0, $address{$peer}) // next; $next{$peer}++; $sent{$peer}[$phase]++ }
    }
    if ($time >= $turn) {
        $turn = $time + 0.02;
        if (!$stop && $line < $time * 20) {
            $line++;
            for my $peer (@peers) { tcp_error($peer, $!) unless !$client{$peer} || defined syswrite($client{$peer}, "$line\n") || $!{EAGAIN} }
        }
        receive();
        accept_all();
        echo();
    }
    select(undef, undef, undef, 0.001);
}

# What has arrived by now counts.
receive();

sub receive {
    while (defined(my $from = recv($udp, my $data, 64, 0))) {
        my $peer = $peer_at{$from} // next;
        my $n = unpack('N', $data);
        vec($seen{$peer}, $n, 1) = 1;
        $highest{$peer} = $n if $n > $highest{$peer};
    }
}

sub accept_all {
    while (accept(my $s, $listener)) { nonblocking($s); push @served, $s }
}

# What this end is sent goes back; what the other end sends back is counted.
sub echo {
    for my $s (@served) { while (my $n = sysread($s, my $piece, 4096)) { syswrite($s, $piece) } }
    for my $peer (@peers) {
        my $s = $client{$peer} or next;
        while (1) {
            my $n = sysread($s, my $piece, 4096);
            if (!defined $n) { tcp_error($peer, $!) unless $!{EAGAIN}; last }
            if ($n == 0) { tcp_error($peer, 'closed by the other end') unless $stop; last }
            $tcp{$peer}{lines} += ($piece =~ tr/\n//);
        }
    }
}

sub tcp_error { my ($peer, $why) = @_; $tcp{$peer}{error} ||= "$why"; delete $client{$peer} }

# A number above the highest that came may have been lost too: who compares knows how many were sent.
my @fields;
for my $peer (@peers) {
    my @missing = grep { !vec($seen{$peer}, $_, 1) } 0 .. $highest{$peer};
    push @fields, sprintf('"%s":{"sent":[%s],"highest":%d,"missing":[%s],"tcp":{"lines":%d,"error":"%s"}}',
        $peer, join(',', map { $_ // 0 } @{ $sent{$peer} }), $highest{$peer}, join(',', @missing), $tcp{$peer}{lines}, $tcp{$peer}{error});
}
open(my $out, '>', "$report.new") or die "$report: $!\n";
print $out '{"lines":' . $line . ',"peers":{' . join(',', @fields) . "}}\n";
close($out);
rename("$report.new", $report);
