//! Addresses and networks as Unleash's engine reads them.
//!
//! In: a value of `IN_CIDR` or of the strategy `remoteAddress`. Out: an operand of `cidr`, or nothing
//! where the engine passes the value over.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The network that `text` is: an address, or an address with the length or the mask of a network.
pub(super) fn read(text: &str) -> Option<String> {
    let Some((address, length)) = text.split_once('/') else {
        let is_address = text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok();
        return is_address.then(|| text.to_owned());
    };
    let length = match (address.parse::<Ipv4Addr>(), address.parse::<Ipv6Addr>()) {
        (Ok(_), _) => match length.parse::<Ipv4Addr>() {
            Ok(mask) => mask_length(mask)?,
            Err(_) => length.parse::<u8>().ok().filter(|length| *length <= 32)?,
        },
        (_, Ok(_)) => length.parse::<u8>().ok().filter(|length| *length <= 128)?,
        _ => return None,
    };
    Some(format!("{address}/{length}"))
}

/// How many ones a mask begins with; nothing may follow its first zero.
fn mask_length(mask: Ipv4Addr) -> Option<u8> {
    let bits = u32::from(mask);
    let ones = bits.leading_ones();
    let is_mask = bits.count_ones() == ones;
    is_mask.then_some(ones).and_then(|ones| u8::try_from(ones).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_masks_and_single_addresses() {
        for (text, expected) in [
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("10.1.2.3/+8", Some("10.1.2.3/8")),
            ("10.0.0.0/255.255.0.0", Some("10.0.0.0/16")),
            ("10.0.0.0/0.0.0.0", Some("10.0.0.0/0")),
            ("10.0.0.1", Some("10.0.0.1")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("::1", Some("::1")),
            ("10.0.0.0/33", None),
            ("10.0.0.0/255.0.255.0", None),
            ("10.0.0.0/8/8", None),
            ("2001:db8::/129", None),
            ("fe80::1%eth0", None),
            ("010.0.0.1", None),
            ("", None),
            ("host", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }
}
