#!/usr/bin/perl
# Serves the report on PORT, a process for each connection; on SIGTERM, what has begun is finished.

use strict;
use warnings;

use IO::Select ();
use IO::Socket::INET ();
use POSIX ();

# Only modules that the smallest Perl of Debian has.
my $here;
BEGIN { ($here) = __FILE__ =~ m{\A(.*)/}; $here = '.' unless defined $here; unshift @INC, "$here/lib" }
use Report ();

my $WAIT_S = 30;       # for a request, once its connection is there
my $MAX_HEAD = 16_384; # bytes of a request's head
my %REASONS = (200 => 'OK', 400 => 'Bad Request', 404 => 'Not Found', 405 => 'Method Not Allowed');

my $port = $ENV{PORT} || 8080;
my $title = $ENV{REPORT_TITLE} || 'Receipts';
my $rows = Report::load("$here/receipts.csv");

my $listener = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port, Listen => 128, ReuseAddr => 1)
    or die "cannot listen on port $port: $@\n";
# SIGTERM writes to a pipe that is waited for beside connections, so that it is never missed between two of them.
pipe my $stopped, my $stop or die "pipe: $!\n";
POSIX::sigaction(POSIX::SIGTERM(), POSIX::SigAction->new(sub { syswrite $stop, 'x' }));
$SIG{PIPE} = 'IGNORE';
$| = 1;

my %children;
my $waiting = IO::Select->new($listener, $stopped);
for (;;) {
    my @ready = $waiting->can_read;
    while ((my $done = waitpid -1, POSIX::WNOHANG()) > 0) { delete $children{$done} }
    last if grep { $_ == $stopped } @ready;
    next unless @ready;
    my $client = $listener->accept;
    next unless $client;
    my $child = fork;
    if (!defined $child) {
        print STDERR "cannot fork: $!\n";
    } elsif ($child == 0) {
        $SIG{TERM} = 'IGNORE';
        close $listener;
        serve($client);
        POSIX::_exit(0);
    } else {
        $children{$child} = 1;
    }
    close $client;
}
close $listener;
waitpid $_, 0 for keys %children;
exit 0;

sub serve {
    my ($client) = @_;
    alarm $WAIT_S;
    my $head = '';
    until ($head =~ /\r?\n\r?\n/) {
        sysread $client, $head, 4096, length $head or return;
        return answer($client, 'GET', 400, "the head of the request is too long\n") if length $head > $MAX_HEAD;
    }
    my ($method, $target) = $head =~ m{\A([A-Z]+) (\S+) HTTP/1\.[01]\r?\n}
        or return answer($client, 'GET', 400, "this is no HTTP request\n");
    my ($path, $query) = split /\?/, $target, 2;
    my ($status, $body) = reply($method, $path, defined $query ? $query : '');
    answer($client, $method, $status, $body);
    printf qq({"level": "INFO", "message": "served", "method": "%s", "status": %d}\n), $method, $status
        unless $path eq '/healthz';
}

sub reply {
    my ($method, $path, $query) = @_;
    return (200, "ok\n") if $path eq '/healthz';
    return (404, "there is only /legacy-report\n") if $path ne '/legacy-report';
    return (405, "only GET is served\n") if $method ne 'GET' && $method ne 'HEAD';
    my ($month) = $query =~ /(?:\A|&)month=([^&]*)/;
    return (400, "month must be like 2026-10\n") if defined $month && $month !~ /\A\d{4}-\d{2}\z/;
    my $text = Report::text($rows, $title, $month);
    return defined $text ? (200, $text) : (404, "there are no receipts of $month\n");
}

sub answer {
    my ($client, $method, $status, $body) = @_;
    my $length = length $body;
    my $head = "HTTP/1.1 $status $REASONS{$status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        . "Content-Length: $length\r\nConnection: close\r\n\r\n";
    my $rest = $head . ($method eq 'HEAD' ? '' : $body);
    while (length $rest) {
        my $written = syswrite $client, $rest or return;
        substr $rest, 0, $written, '';
    }
}
