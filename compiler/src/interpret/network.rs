//! Addresses in networks: `cidr`.
//!
//! In: an attribute's text and a network as written. Out: whether the address lies in it. Bits are
//! compared one prefix at a time, which is slow and plain.

use std::net::IpAddr;

/// Is `text` an address in the network `net`? IPv4 and IPv6 never meet.
pub(super) fn contains(net: &str, text: &str) -> bool {
    let Ok(address) = text.parse::<IpAddr>() else { return false };
    let (base, length) =
        net.split_once('/').map_or((net, None), |(base, length)| (base, Some(length)));
    let Ok(base) = base.parse::<IpAddr>() else { return false };
    let (address, base) = match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) => (bits(&address.octets()), bits(&base.octets())),
        (IpAddr::V6(address), IpAddr::V6(base)) => (bits(&address.octets()), bits(&base.octets())),
        _ => return false,
    };
    let length = length.map_or(Ok(base.len()), str::parse);
    length.is_ok_and(|length| address.iter().take(length).eq(base.iter().take(length)))
}

/// The bits of an address, the most significant first.
fn bits(octets: &[u8]) -> Vec<bool> {
    let of_one = |octet: &u8| {
        let octet = *octet;
        (0..8).map(move |bit| octet << bit & 0x80 != 0)
    };
    octets.iter().flat_map(of_one).collect()
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn addresses_and_networks() {
        for (net, address, expected) in [
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.9.9.9/8", "10.0.0.0", true),
            ("10.0.0.0/9", "10.127.0.0", true),
            ("10.0.0.0/9", "10.128.0.0", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::", false),
            ("::/0", "0.0.0.0", false),
            ("::/0", "::ffff:1.2.3.4", true),
            ("1.2.3.4", "::ffff:1.2.3.4", false),
            ("1.2.3.4", "1.2.3.4", true),
            ("1.2.3.4", "1.2.3.5", false),
            ("1.2.3.4/32", "1.2.3.4", true),
            ("2001:db8::/32", "2001:0DB8:ffff::1.2.3.4", true),
            ("2001:db8::/33", "2001:db8:8000::", false),
            ("10.0.0.0/8", "010.0.0.0", false),
            ("10.0.0.0/8", "10.0.0.0 ", false),
            ("fe80::/10", "fe80::1%eth0", false),
        ] {
            assert_eq!(contains(net, address), expected, "{address} in {net}");
        }
    }
}
