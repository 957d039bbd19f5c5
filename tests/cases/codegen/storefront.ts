// Made by `vexil codegen ts`. Do not edit: change the flags, and make it anew.

/** Keys of flags, and the types of their values. */
export interface Flags {
  /**
   * The colour of buttons and links
   *
   * - `pine`: `"pine"`
   * - `ember`: `"ember"`
   * - `lake`: `"lake"`
   * - `heather`: `"heather"`
   */
  readonly "accent": "pine" | "ember" | "lake" | "heather";
  /**
   * The words on the button that buys
   *
   * - `plain`: `"Add to cart"`
   * - `warm`: `"Yes, I want it"`
   * - `brief`: `"Buy"`
   */
  readonly "buy-button": "Add to cart" | "Yes, I want it" | "Buy";
  /**
   * The checkout on one page instead of three
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "checkout-v2": boolean;
  /**
   * What we promise beside the price
   *
   * - `tomorrow`: `"At your door tomorrow"`
   * - `days`: `"2–4 working days"`
   * - `week`: `"In about a week"`
   */
  readonly "delivery-promise": "At your door tomorrow" | "2–4 working days" | "In about a week";
  /**
   * One click for shoppers who know us; only in the new checkout
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "express-checkout": boolean;
  /**
   * Orders from this value on ship free
   *
   * - `always`: `0`
   * - `low`: `29`
   * - `normal`: `59`
   * - `far`: `120`
   * - `never`: `100000`
   */
  readonly "free-shipping-threshold": 0 | 29 | 59 | 120 | 100000;
  /**
   * Wrapping, where the warehouse has the paper
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "gift-wrapping": boolean;
  /**
   * How the first product of the home page is shown
   *
   * - `grid`: `"grid"`
   * - `spotlight`: `"spotlight"`
   */
  readonly "hero-layout": "grid" | "spotlight";
  /**
   * The banner of the home page
   *
   * - `welcome`: `{"tone":"calm","title":"Out there begins at the door","text":"Tents, boots and w…`
   * - `alps`: `{"tone":"bright","title":"First snow above 1,800 metres","text":"Boots and blank…`
   * - `company`: `{"tone":"plain","title":"Your team outside","text":"Kit for a whole crew, one in…`
   * - `app-update`: `{"tone":"alert","title":"Your app has grown old","text":"Update it to see your c…`
   */
  readonly "home-banner": { readonly "tone": "calm"; readonly "title": "Out there begins at the door"; readonly "text": "Tents, boots and warm things for the long way round." } | { readonly "tone": "bright"; readonly "title": "First snow above 1,800 metres"; readonly "text": "Boots and blankets that have seen it before." } | { readonly "tone": "plain"; readonly "title": "Your team outside"; readonly "text": "Kit for a whole crew, one invoice, delivered to the office." } | { readonly "tone": "alert"; readonly "title": "Your app has grown old"; readonly "text": "Update it to see your cart on every device." };
  /**
   * Points for each unit of money spent
   *
   * - `none`: `0`
   * - `single`: `1`
   * - `double`: `2`
   * - `triple`: `3`
   */
  readonly "loyalty-rate": 0 | 1 | 2 | 3;
  /**
   * A line above every page while we work on the shop
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "maintenance-notice": boolean;
  /**
   * The most pieces in one order
   *
   * - `consumer`: `10`
   * - `member`: `25`
   * - `company`: `500`
   */
  readonly "max-cart-items": 10 | 25 | 500;
  /**
   * Prices without tax, for companies
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "net-prices": boolean;
  /**
   * A field for a note to the warehouse
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "order-note": boolean;
  /**
   * What can be paid with, in the order shown
   *
   * - `card`: `["Card"]`
   * - `europe`: `["SEPA debit","Card","PayPal"]`
   * - `germany`: `["Invoice by Klarna","SEPA debit","Card","PayPal"]`
   * - `japan`: `["Konbini","Card","PayPay"]`
   * - `company`: `["Invoice, 30 days","Card"]`
   */
  readonly "payment-methods": readonly ["Card"] | readonly ["SEPA debit", "Card", "PayPal"] | readonly ["Invoice by Klarna", "SEPA debit", "Card", "PayPal"] | readonly ["Konbini", "Card", "PayPay"] | readonly ["Invoice, 30 days", "Card"];
  /**
   * Takes payments; off, the checkout says so and keeps the cart
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "payments-enabled": boolean;
  /**
   * “Tell me when it gets cheaper”; apps know it since 3.2
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "price-alerts": boolean;
  /**
   * How many products the home page shows
   *
   * - `few`: `4`
   * - `some`: `6`
   * - `all`: `8`
   */
  readonly "products-per-page": 4 | 6 | 8;
  /**
   * Asks the recommender for “goes well with”; it is the first to go under load
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "recommendations-enabled": boolean;
  /**
   * Where reviews come from
   *
   * - `hidden`: `"hidden"`
   * - `stars`: `"stars"`
   * - `full`: `"full"`
   */
  readonly "reviews": "hidden" | "stars" | "full";
  /**
   * Shows the search field; off when the index is being rebuilt
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "search-enabled": boolean;
  /**
   * How results and the home page are ordered
   *
   * - `classic`: `"classic"`
   * - `popular`: `"popular"`
   * - `fresh`: `"fresh"`
   * - `bargain`: `"bargain"`
   */
  readonly "search-ranking": "classic" | "popular" | "fresh" | "bargain";
  /**
   * The sale of the season; the clock opens and closes it
   *
   * - `none`: `{"percent":0,"label":""}`
   * - `early`: `{"percent":10,"label":"Early access for members"}`
   * - `winter`: `{"percent":20,"label":"Winter sale"}`
   * - `last-days`: `{"percent":30,"label":"Winter sale, last days"}`
   */
  readonly "season-sale": { readonly "percent": 0; readonly "label": "" } | { readonly "percent": 10; readonly "label": "Early access for members" } | { readonly "percent": 20; readonly "label": "Winter sale" } | { readonly "percent": 30; readonly "label": "Winter sale, last days" };
  /**
   * What a parcel costs below the threshold
   *
   * - `home`: `3.9`
   * - `europe`: `7.5`
   * - `world`: `18`
   */
  readonly "shipping-fee": 3.9 | 7.5 | 18;
  /**
   * Says how many are left when few are
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "stock-levels": boolean;
  /**
   * Who answers, and when
   *
   * - `mail`: `{"line":"help@fernweh.example","hours":"we answer within two days"}`
   * - `phone`: `{"line":"+49 30 5550 1234","hours":"weekdays 9–17"}`
   * - `account-manager`: `{"line":"your account manager","hours":"always"}`
   */
  readonly "support-contact": { readonly "line": "help@fernweh.example"; readonly "hours": "we answer within two days" } | { readonly "line": "+49 30 5550 1234"; readonly "hours": "weekdays 9–17" } | { readonly "line": "your account manager"; readonly "hours": "always" };
  /**
   * A heart on every product
   *
   * - `on`: `true`
   * - `off`: `false`
   */
  readonly "wishlist": boolean;
}

/** The key of a flag. */
export type FlagKey = keyof Flags;
