//! Networks and single addresses as operands of `cidr`: text to ranges of addresses.
//!
//! In: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`. Out: the first and the last address. Host bits
//! are masked away. The interpreter reads them for itself.

use std::net::IpAddr;

/// A range of addresses of one family, both ends included; IPv4 addresses are their 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Network {
    /// IPv4.
    V4 {
        /// The first address.
        first: u32,
        /// The last address.
        last: u32,
    },
    /// IPv6.
    V6 {
        /// The first address.
        first: u128,
        /// The last address.
        last: u128,
    },
}

/// The network of `text`.
///
/// # Errors
/// What is wrong, in words that follow the text.
pub(crate) fn parse(text: &str) -> Result<Network, &'static str> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| "is not an IP address or network")?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(width), |bits| prefix_bits(bits, width));
    let Some(bits) = bits else {
        return Err(match address {
            IpAddr::V4(_) => "has no prefix length from 0 to 32 after its `/`",
            IpAddr::V6(_) => "has no prefix length from 0 to 128 after its `/`",
        });
    };
    Ok(match address {
        IpAddr::V4(address) => {
            // A shift by the whole width is none that Rust knows.
            let hosts = u32::MAX.checked_shr(bits).unwrap_or(0);
            let first = address.to_bits() & !hosts;
            Network::V4 { first, last: first | hosts }
        }
        IpAddr::V6(address) => {
            let hosts = u128::MAX.checked_shr(bits).unwrap_or(0);
            let first = address.to_bits() & !hosts;
            Network::V6 { first, last: first | hosts }
        }
    })
}

/// Decimal, without sign or leading zeros, at most `width`.
fn prefix_bits(text: &str, width: u32) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    text.parse().ok().filter(|bits| plain && !padded && *bits <= width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(first: u32, last: u32) -> Result<Network, &'static str> {
        Ok(Network::V4 { first, last })
    }

    #[test]
    fn networks_are_ranges_without_host_bits() {
        assert_eq!(parse("10.0.0.0/8"), v4(0x0a00_0000, 0x0aff_ffff));
        assert_eq!(parse("10.1.2.3/8"), v4(0x0a00_0000, 0x0aff_ffff));
        assert_eq!(parse("0.0.0.0/0"), v4(0, u32::MAX));
        assert_eq!(parse("192.0.2.1"), v4(0xc000_0201, 0xc000_0201));
        assert_eq!(parse("192.0.2.1/32"), v4(0xc000_0201, 0xc000_0201));
        assert_eq!(parse("::/0"), Ok(Network::V6 { first: 0, last: u128::MAX }));
        let first = 0x2001_0db8 << 96;
        let last = first | (u128::MAX >> 32);
        assert_eq!(parse("2001:db8::1/32"), Ok(Network::V6 { first, last }));
        assert_eq!(parse("::1"), Ok(Network::V6 { first: 1, last: 1 }));
        assert_eq!(
            parse("::ffff:192.0.2.1/128"),
            Ok(Network::V6 { first: 0xffff_c000_0201, last: 0xffff_c000_0201 })
        );
    }

    #[test]
    fn what_is_no_network() {
        for text in [
            "",
            "/",
            "/8",
            "10",
            "10.0.0/8",
            "010.0.0.0/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            " 10.0.0.0/8",
            "10.0.0.0 /8",
            "10.0.0.0/8 ",
            "::/129",
            "::1%eth0",
            "fe80::1%1/64",
            "[::1]",
            ":::",
            "1.2.3.4:80",
            "10.0.0.256",
            "٣.0.0.0",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
