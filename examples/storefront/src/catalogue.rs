//! What the shop sells. A real shop has a database; this one has a table.

/// Something to buy.
#[derive(Debug)]
pub struct Product {
    /// In addresses and in the cart.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// One line.
    pub line: &'static str,
    /// A paragraph.
    pub about: &'static str,
    /// Price with tax, in euro cents.
    pub cents: u32,
    /// What we paid, in euro cents.
    pub cost_cents: u32,
    /// Pieces sold last month.
    pub sold: u32,
    /// Days since it came into the shop.
    pub age_days: u32,
    /// Pieces left.
    pub stock: u32,
    /// Stars, in tenths: 0–50.
    pub stars_tenths: u32,
    /// Number of reviews.
    pub reviews: u32,
    /// What one reviewer said.
    pub review: &'static str,
    /// The picture, an SVG of our own.
    pub picture: &'static str,
}

macro_rules! picture {
    ($id:literal) => {
        include_str!(concat!("../assets/art/", $id, ".svg"))
    };
}

/// Every product, in the order in which the classic ranking shows them.
pub static PRODUCTS: &[Product] = &[
    Product {
        id: "tent",
        name: "Ridge tent",
        line: "Two people, four seasons",
        about: "Pitched in six minutes, with gloves on. The flysheet is waxed cotton, which breathes; the poles are ash, which bend. It has stood through a night on the Hardangervidda that its owners would rather not have had.",
        cents: 28_900,
        cost_cents: 16_400,
        sold: 48,
        age_days: 12,
        stock: 4,
        stars_tenths: 48,
        reviews: 212,
        review: "Dry inside, which is all I ask of a tent.",
        picture: picture!("tent"),
    },
    Product {
        id: "backpack",
        name: "Forty-litre pack",
        line: "A week, if you are modest",
        about: "Canvas, leather and one zip, because zips break. The lid comes off and is a bag for the summit.",
        cents: 14_900,
        cost_cents: 7_900,
        sold: 131,
        age_days: 300,
        stock: 37,
        stars_tenths: 46,
        reviews: 508,
        review: "Carries better when it is full. So do I.",
        picture: picture!("backpack"),
    },
    Product {
        id: "boots",
        name: "Moor boots",
        line: "For ground that gives way",
        about: "Full-grain leather over a sewn sole that any cobbler can replace. Stiff for a fortnight, then yours for ten years.",
        cents: 17_900,
        cost_cents: 9_800,
        sold: 96,
        age_days: 90,
        stock: 3,
        stars_tenths: 44,
        reviews: 340,
        review: "Two weeks of blisters, and now I would not give them away.",
        picture: picture!("boots"),
    },
    Product {
        id: "lantern",
        name: "Harbour lantern",
        line: "Forty hours on one filling",
        about: "The same lantern that hung on fishing boats, with a burner that no longer blackens the glass.",
        cents: 5_400,
        cost_cents: 2_600,
        sold: 204,
        age_days: 45,
        stock: 58,
        stars_tenths: 49,
        reviews: 731,
        review: "The power failed for two days. We did not mind.",
        picture: picture!("lantern"),
    },
    Product {
        id: "kettle",
        name: "Enamel kettle",
        line: "Over a fire or on a stove",
        about: "Steel under two coats of enamel, a spout that does not drip, and a handle that stays cool enough.",
        cents: 4_200,
        cost_cents: 1_700,
        sold: 177,
        age_days: 700,
        stock: 21,
        stars_tenths: 43,
        reviews: 189,
        review: "It whistles in D.",
        picture: picture!("kettle"),
    },
    Product {
        id: "blanket",
        name: "Stack of blankets",
        line: "Three, for the three of you",
        about: "Wool from sheep that live outside and know about it. Woven in one mill, washed in one river.",
        cents: 8_900,
        cost_cents: 4_300,
        sold: 64,
        age_days: 5,
        stock: 15,
        stars_tenths: 47,
        reviews: 95,
        review: "The dog has chosen the red one.",
        picture: picture!("blanket"),
    },
    Product {
        id: "compass",
        name: "Brass compass",
        line: "Needs no satellite",
        about: "Liquid-damped needle, a ring that turns with a click, and a lid to shut when you know where you are.",
        cents: 6_400,
        cost_cents: 3_100,
        sold: 33,
        age_days: 160,
        stock: 2,
        stars_tenths: 45,
        reviews: 58,
        review: "North is where it always was.",
        picture: picture!("compass"),
    },
    Product {
        id: "mug",
        name: "Summit mug",
        line: "Three decilitres, chipped by hand",
        about: "An enamel mug is bad at keeping tea hot and good at everything else.",
        cents: 1_600,
        cost_cents: 500,
        sold: 412,
        age_days: 30,
        stock: 140,
        stars_tenths: 42,
        reviews: 1_204,
        review: "Fell 30 metres. Still a mug.",
        picture: picture!("mug"),
    },
];

/// The product with this id.
pub fn product(id: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.id == id)
}

/// The products that match a search, in the order that `ranking` (a value of `search-ranking`)
/// gives; a ranking that the shop does not know is the classic one.
pub fn ranked(ranking: &str, search: &str) -> Vec<&'static Product> {
    let search = search.trim().to_lowercase();
    let matches = |text: &str| text.to_lowercase().contains(&search);
    let mut found: Vec<_> = PRODUCTS
        .iter()
        .filter(|product| matches(product.name) || matches(product.line) || matches(product.about))
        .collect();
    match ranking {
        "popular" => found.sort_by_key(|product| std::cmp::Reverse(product.sold)),
        "fresh" => found.sort_by_key(|product| product.age_days),
        "bargain" => found.sort_by_key(|product| product.cents),
        _ => {}
    }
    found
}

/// What goes well with a product: its neighbours in the catalogue.
pub fn companions(of: &Product) -> impl Iterator<Item = &'static Product> {
    let at = PRODUCTS.iter().position(|product| product.id == of.id).unwrap_or(0);
    PRODUCTS.iter().cycle().skip(at + 1).take(3)
}
