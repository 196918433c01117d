/** Phone numbers as PBXs write them, in E.164 as Teams wants them. Pure. */
import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
  type PhoneNumber,
} from 'libphonenumber-js/min';

/** E.164 has 15 digits; separators and escaped blanks fit as well. What is longer is no number. */
const MAX_NUMBER_LENGTH = 64;
/** What is shorter is an extension, a service or an emergency number (112, 911, 116117), which no country prefix suits. */
const MIN_NATIONAL_DIGITS = 7;

/** The country that a trunk's document names, where its numbering plan is known. */
export function countryOf(country: string | undefined): CountryCode | undefined {
  return country !== undefined && isSupportedCountry(country) ? country : undefined;
}

/**
 * A user part with its number in E.164; `;ext=` and whatever else follows it stays. `+` numbers lose their visual
 * separators (RFC 3966 §5.1.1). Others change only where the country says how they are dialled: `030 12345` and
 * `0049 30 12345` are numbers in DE, the extension `30123` is not. Everything else comes back as it was written.
 */
export function e164(user: string, country: CountryCode | undefined): string {
  const end = user.indexOf(';');
  const number = end < 0 ? user : user.slice(0, end);
  if (number.length > MAX_NUMBER_LENGTH) return user;
  const digits = dialledDigits(number);
  if (digits === undefined) return user;
  const rest = end < 0 ? '' : user.slice(end);
  if (digits.startsWith('+')) return digits.length === number.length ? user : digits + rest;
  if (country === undefined || digits.length < MIN_NATIONAL_DIGITS) return user;
  const phone = parsePhoneNumberFromString(digits, country);
  return phone && isDialledSo(phone, digits) && phone.isValid() ? phone.number + rest : user;
}

/** `+49 (30) 123-45` without what is there for the eye; undefined where there is anything but a number: a name, `*21#`. */
function dialledDigits(number: string): string | undefined {
  const isInternational = number.startsWith('+');
  if (isDigits(number, isInternational ? 1 : 0)) return number;
  let digits = isInternational ? '+' : '';
  for (let at = digits.length; at < number.length; at++) {
    const character = number.charAt(at);
    if (character >= '0' && character <= '9') digits += character;
    // A URI writes a blank as %20 (RFC 3261 §19.1.2).
    else if (character === '%' && number.startsWith('20', at + 1)) at += 2;
    else if (!' -.()'.includes(character)) return undefined;
  }
  return digits === '' || digits === '+' ? undefined : digits;
}

/** One or more from there to the end: nearly every number is. */
function isDigits(text: string, from: number): boolean {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return text.length > from;
}

/**
 * Whether the digits are what one dials within the country: with its trunk prefix, or without where it has none; or with
 * its international prefix. The library alone would also take an extension for a number that lacks its prefix.
 */
function isDialledSo(phone: PhoneNumber, digits: string): boolean {
  const { countryCallingCode, nationalNumber } = phone;
  if (!digits.endsWith(nationalNumber)) return false;
  const prefix = digits.slice(0, digits.length - nationalNumber.length);
  if (prefix === '') return isWrittenSo(phone.formatNational(), digits);
  if (prefix.length <= 2) return prefix !== countryCallingCode || countryCallingCode === '1';
  return prefix.endsWith(countryCallingCode) && prefix.length - countryCallingCode.length >= 2;
}

/** What the library cannot group (`1234567` in DE), it does not know as a number that is dialled without a prefix. */
function isWrittenSo(grouped: string, digits: string): boolean {
  return grouped !== digits && grouped.replace(/\D/g, '') === digits;
}
