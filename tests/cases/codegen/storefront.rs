// Made by `vexil codegen rust`. Do not edit: change the flags, and make it anew.

/// A text that is none of a flag's values as they were when this file was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue(pub ::std::string::String);

impl ::std::fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        ::std::write!(f, "`{}` is none of the flag's values", self.0)
    }
}

impl ::std::error::Error for UnknownValue {}

/// The colour of buttons and links
///
/// - `pine`: `"pine"`
/// - `ember`: `"ember"`
/// - `lake`: `"lake"`
/// - `heather`: `"heather"`
pub static ACCENT: ::vexil_runtime::Flag<::std::string::String> =
    ::vexil_runtime::Flag::new("accent");

/// The values of [`ACCENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]
pub enum Accent {
    /// `"pine"`
    Pine,
    /// `"ember"`
    Ember,
    /// `"lake"`
    Lake,
    /// `"heather"`
    Heather,
}

impl Accent {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 4] = [
        Self::Pine,
        Self::Ember,
        Self::Lake,
        Self::Heather,
    ];

    /// The value as the flag serves it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pine => "pine",
            Self::Ember => "ember",
            Self::Lake => "lake",
            Self::Heather => "heather",
        }
    }
}

impl ::std::str::FromStr for Accent {
    type Err = UnknownValue;

    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {
        match text {
            "pine" => Ok(Self::Pine),
            "ember" => Ok(Self::Ember),
            "lake" => Ok(Self::Lake),
            "heather" => Ok(Self::Heather),
            other => Err(UnknownValue(other.to_owned())),
        }
    }
}

/// The words on the button that buys
///
/// - `plain`: `"Add to cart"`
/// - `warm`: `"Yes, I want it"`
/// - `brief`: `"Buy"`
pub static BUY_BUTTON: ::vexil_runtime::Flag<::std::string::String> =
    ::vexil_runtime::Flag::new("buy-button");

/// The values of [`BUY_BUTTON`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]
pub enum BuyButton {
    /// `"Add to cart"`
    AddToCart,
    /// `"Yes, I want it"`
    YesIWantIt,
    /// `"Buy"`
    Buy,
}

impl BuyButton {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 3] = [
        Self::AddToCart,
        Self::YesIWantIt,
        Self::Buy,
    ];

    /// The value as the flag serves it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddToCart => "Add to cart",
            Self::YesIWantIt => "Yes, I want it",
            Self::Buy => "Buy",
        }
    }
}

impl ::std::str::FromStr for BuyButton {
    type Err = UnknownValue;

    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {
        match text {
            "Add to cart" => Ok(Self::AddToCart),
            "Yes, I want it" => Ok(Self::YesIWantIt),
            "Buy" => Ok(Self::Buy),
            other => Err(UnknownValue(other.to_owned())),
        }
    }
}

/// The checkout on one page instead of three
///
/// - `on`: `true`
/// - `off`: `false`
pub static CHECKOUT_V2: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("checkout-v2");

/// What we promise beside the price
///
/// - `tomorrow`: `"At your door tomorrow"`
/// - `days`: `"2–4 working days"`
/// - `week`: `"In about a week"`
pub static DELIVERY_PROMISE: ::vexil_runtime::Flag<::std::string::String> =
    ::vexil_runtime::Flag::new("delivery-promise");

/// The values of [`DELIVERY_PROMISE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]
pub enum DeliveryPromise {
    /// `"At your door tomorrow"`
    AtYourDoorTomorrow,
    /// `"2–4 working days"`
    N24WorkingDays,
    /// `"In about a week"`
    InAboutAWeek,
}

impl DeliveryPromise {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 3] = [
        Self::AtYourDoorTomorrow,
        Self::N24WorkingDays,
        Self::InAboutAWeek,
    ];

    /// The value as the flag serves it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtYourDoorTomorrow => "At your door tomorrow",
            Self::N24WorkingDays => "2–4 working days",
            Self::InAboutAWeek => "In about a week",
        }
    }
}

impl ::std::str::FromStr for DeliveryPromise {
    type Err = UnknownValue;

    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {
        match text {
            "At your door tomorrow" => Ok(Self::AtYourDoorTomorrow),
            "2–4 working days" => Ok(Self::N24WorkingDays),
            "In about a week" => Ok(Self::InAboutAWeek),
            other => Err(UnknownValue(other.to_owned())),
        }
    }
}

/// One shopper in twenty sees no experiment at all, so that we can measure them together
///
/// - `on`: `true`
/// - `off`: `false`
pub static EXPERIMENT_HOLDOUT: ::vexil_runtime::Flag<bool> =
    ::vexil_runtime::Flag::new("experiment-holdout");

/// One click for shoppers who know us; only in the new checkout
///
/// - `on`: `true`
/// - `off`: `false`
pub static EXPRESS_CHECKOUT: ::vexil_runtime::Flag<bool> =
    ::vexil_runtime::Flag::new("express-checkout");

/// Orders from this value on ship free
///
/// - `always`: `0`
/// - `low`: `29`
/// - `normal`: `59`
/// - `far`: `120`
/// - `never`: `100000`
pub static FREE_SHIPPING_THRESHOLD: ::vexil_runtime::Flag<f64> =
    ::vexil_runtime::Flag::new("free-shipping-threshold");

/// Wrapping, where the warehouse has the paper
///
/// - `on`: `true`
/// - `off`: `false`
pub static GIFT_WRAPPING: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("gift-wrapping");

/// How the first product of the home page is shown
///
/// - `grid`: `"grid"`
/// - `spotlight`: `"spotlight"`
pub static HERO_LAYOUT: ::vexil_runtime::Flag<::std::string::String> =
    ::vexil_runtime::Flag::new("hero-layout");

/// The values of [`HERO_LAYOUT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]
pub enum HeroLayout {
    /// `"grid"`
    Grid,
    /// `"spotlight"`
    Spotlight,
}

impl HeroLayout {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 2] = [
        Self::Grid,
        Self::Spotlight,
    ];

    /// The value as the flag serves it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Spotlight => "spotlight",
        }
    }
}

impl ::std::str::FromStr for HeroLayout {
    type Err = UnknownValue;

    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {
        match text {
            "grid" => Ok(Self::Grid),
            "spotlight" => Ok(Self::Spotlight),
            other => Err(UnknownValue(other.to_owned())),
        }
    }
}

/// The banner of the home page
///
/// - `welcome`: `{"tone":"calm","title":"Out there begins at the door","text":"Tents, boots and w…`
/// - `alps`: `{"tone":"bright","title":"First snow above 1,800 metres","text":"Boots and blank…`
/// - `company`: `{"tone":"plain","title":"Your team outside","text":"Kit for a whole crew, one in…`
/// - `app-update`: `{"tone":"alert","title":"Your app has grown old","text":"Update it to see your c…`
pub static HOME_BANNER: ::vexil_runtime::Flag<::serde_json::Value> =
    ::vexil_runtime::Flag::new("home-banner");

/// Points for each unit of money spent
///
/// - `none`: `0`
/// - `single`: `1`
/// - `double`: `2`
/// - `triple`: `3`
pub static LOYALTY_RATE: ::vexil_runtime::Flag<f64> = ::vexil_runtime::Flag::new("loyalty-rate");

/// A line above every page while we work on the shop
///
/// - `on`: `true`
/// - `off`: `false`
pub static MAINTENANCE_NOTICE: ::vexil_runtime::Flag<bool> =
    ::vexil_runtime::Flag::new("maintenance-notice");

/// The most pieces in one order
///
/// - `consumer`: `10`
/// - `member`: `25`
/// - `company`: `500`
pub static MAX_CART_ITEMS: ::vexil_runtime::Flag<f64> =
    ::vexil_runtime::Flag::new("max-cart-items");

/// Prices without tax, for companies
///
/// - `on`: `true`
/// - `off`: `false`
pub static NET_PRICES: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("net-prices");

/// A field for a note to the warehouse
///
/// - `on`: `true`
/// - `off`: `false`
pub static ORDER_NOTE: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("order-note");

/// Payment within 30 days, for buyers and admins of companies
///
/// - `on`: `true`
/// - `off`: `false`
pub static PAY_BY_INVOICE: ::vexil_runtime::Flag<bool> =
    ::vexil_runtime::Flag::new("pay-by-invoice");

/// What can be paid with, in the order shown
///
/// - `card`: `["Card"]`
/// - `europe`: `["SEPA debit","Card","PayPal"]`
/// - `germany`: `["Invoice by Klarna","SEPA debit","Card","PayPal"]`
/// - `japan`: `["Konbini","Card","PayPay"]`
/// - `company`: `["Invoice, 30 days","Card"]`
pub static PAYMENT_METHODS: ::vexil_runtime::Flag<::serde_json::Value> =
    ::vexil_runtime::Flag::new("payment-methods");

/// Takes payments; off, the checkout says so and keeps the cart
///
/// - `on`: `true`
/// - `off`: `false`
pub static PAYMENTS_ENABLED: ::vexil_runtime::Flag<bool> =
    ::vexil_runtime::Flag::new("payments-enabled");

/// “Tell me when it gets cheaper”; apps know it since 3.2
///
/// - `on`: `true`
/// - `off`: `false`
pub static PRICE_ALERTS: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("price-alerts");

/// Factor on all prices of the list; business prices are by contract
///
/// - `lower`: `0.95`
/// - `list`: `1`
/// - `higher`: `1.04`
pub static PRICE_TEST: ::vexil_runtime::Flag<f64> = ::vexil_runtime::Flag::new("price-test");

/// How many products the home page shows
///
/// - `few`: `4`
/// - `some`: `6`
/// - `all`: `8`
pub static PRODUCTS_PER_PAGE: ::vexil_runtime::Flag<f64> =
    ::vexil_runtime::Flag::new("products-per-page");

/// Asks the recommender for “goes well with”; it is the first to go under load
///
/// - `on`: `true`
/// - `off`: `false`
pub static RECOMMENDATIONS_ENABLED: ::vexil_runtime::Flag<bool> =
    ::vexil_runtime::Flag::new("recommendations-enabled");

/// Where reviews come from
///
/// - `hidden`: `"hidden"`
/// - `stars`: `"stars"`
/// - `full`: `"full"`
pub static REVIEWS: ::vexil_runtime::Flag<::std::string::String> =
    ::vexil_runtime::Flag::new("reviews");

/// The values of [`REVIEWS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]
pub enum Reviews {
    /// `"hidden"`
    Hidden,
    /// `"stars"`
    Stars,
    /// `"full"`
    Full,
}

impl Reviews {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 3] = [
        Self::Hidden,
        Self::Stars,
        Self::Full,
    ];

    /// The value as the flag serves it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Stars => "stars",
            Self::Full => "full",
        }
    }
}

impl ::std::str::FromStr for Reviews {
    type Err = UnknownValue;

    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {
        match text {
            "hidden" => Ok(Self::Hidden),
            "stars" => Ok(Self::Stars),
            "full" => Ok(Self::Full),
            other => Err(UnknownValue(other.to_owned())),
        }
    }
}

/// Shows the search field; off when the index is being rebuilt
///
/// - `on`: `true`
/// - `off`: `false`
pub static SEARCH_ENABLED: ::vexil_runtime::Flag<bool> =
    ::vexil_runtime::Flag::new("search-enabled");

/// How results and the home page are ordered
///
/// - `classic`: `"classic"`
/// - `popular`: `"popular"`
/// - `fresh`: `"fresh"`
/// - `bargain`: `"bargain"`
pub static SEARCH_RANKING: ::vexil_runtime::Flag<::std::string::String> =
    ::vexil_runtime::Flag::new("search-ranking");

/// The values of [`SEARCH_RANKING`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]
pub enum SearchRanking {
    /// `"classic"`
    Classic,
    /// `"popular"`
    Popular,
    /// `"fresh"`
    Fresh,
    /// `"bargain"`
    Bargain,
}

impl SearchRanking {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 4] = [
        Self::Classic,
        Self::Popular,
        Self::Fresh,
        Self::Bargain,
    ];

    /// The value as the flag serves it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Popular => "popular",
            Self::Fresh => "fresh",
            Self::Bargain => "bargain",
        }
    }
}

impl ::std::str::FromStr for SearchRanking {
    type Err = UnknownValue;

    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {
        match text {
            "classic" => Ok(Self::Classic),
            "popular" => Ok(Self::Popular),
            "fresh" => Ok(Self::Fresh),
            "bargain" => Ok(Self::Bargain),
            other => Err(UnknownValue(other.to_owned())),
        }
    }
}

/// The sale of the season; the clock opens and closes it
///
/// - `none`: `{"percent":0,"label":""}`
/// - `early`: `{"percent":10,"label":"Early access for members"}`
/// - `winter`: `{"percent":20,"label":"Winter sale"}`
/// - `last-days`: `{"percent":30,"label":"Winter sale, last days"}`
pub static SEASON_SALE: ::vexil_runtime::Flag<::serde_json::Value> =
    ::vexil_runtime::Flag::new("season-sale");

/// What a parcel costs below the threshold
///
/// - `home`: `3.9`
/// - `europe`: `7.5`
/// - `world`: `18`
pub static SHIPPING_FEE: ::vexil_runtime::Flag<f64> = ::vexil_runtime::Flag::new("shipping-fee");

/// Cost and margin beside each price
///
/// - `on`: `true`
/// - `off`: `false`
pub static STAFF_TOOLS: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("staff-tools");

/// Says how many are left when few are
///
/// - `on`: `true`
/// - `off`: `false`
pub static STOCK_LEVELS: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("stock-levels");

/// Who answers, and when
///
/// - `mail`: `{"line":"help@fernweh.example","hours":"we answer within two days"}`
/// - `phone`: `{"line":"+49 30 5550 1234","hours":"weekdays 9–17"}`
/// - `account-manager`: `{"line":"your account manager","hours":"always"}`
pub static SUPPORT_CONTACT: ::vexil_runtime::Flag<::serde_json::Value> =
    ::vexil_runtime::Flag::new("support-contact");

/// One cart for a whole company; a company is in or out as a whole
///
/// - `on`: `true`
/// - `off`: `false`
pub static TEAM_CARTS: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("team-carts");

/// A heart on every product
///
/// - `on`: `true`
/// - `off`: `false`
pub static WISHLIST: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("wishlist");
