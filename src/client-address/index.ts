export { clientAddress, type AddressedRequest, type ClientAddressOptions } from './client-address.ts';
