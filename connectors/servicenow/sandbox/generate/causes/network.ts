import type { Cause } from '../cause.ts';

/** Lines, switches, wireless, VPN, name resolution. */
export const NETWORK_CAUSES: readonly Cause[] = [
  {
    id: 'vpn-drops', group: 'Network Operations', category: 'network', subcategory: 'vpn', weight: 2.0, impact: [1, 2, 7], urgency: [2, 5, 3], symptom: 'connection',
    en: {
      subjects: ['VPN disconnects all the time', 'vpn drops every 10 min', 'Cannot connect to VPN from home', 'AnyConnect: connection attempt has failed', 'VPN client stuck at "contacting gateway"', 'remote access not possible'],
      details: ['Works for a few minutes and then I get kicked out, error {code}.', 'My internet is fine, only the tunnel fails.', '{count} colleagues have it too since {time}.', 'Tried cable and wifi, same thing.'],
    },
    de: { subjects: ['VPN bricht ständig ab', 'Keine VPN-Verbindung von zu Hause'], details: ['Internet geht, nur der Tunnel nicht. Fehler {code}.', 'Seit {time} fliege ich alle paar Minuten raus.'] },
    es: { subjects: ['La VPN se desconecta', 'No conecta la VPN'], details: ['Desde casa no puedo trabajar, error {code}.'] },
    fr: { subjects: ['Coupures du VPN', 'VPN impossible depuis la maison'], details: ['La connexion tombe toutes les dix minutes.'] },
    resolution: 'Gateway profile corrected; client reconnected and watched for an hour.',
  },
  {
    id: 'wifi-coverage', group: 'Network Operations', category: 'network', subcategory: 'wireless', weight: 1.5, impact: [0, 4, 6], urgency: [1, 4, 5], symptom: 'connection',
    en: {
      subjects: ['WiFi very weak in {site}', 'No wireless on {floor}', 'wlan keeps dropping on {floor}', 'Wifi connected but no internet', 'guest wifi not available in {site}'],
      details: ['Only one bar, calls break up when I walk around.', 'SSID is there but I get no address.', 'Scanners in {site} lose the signal between the racks.', 'With a cable everything is ok.'],
    },
    de: { subjects: ['WLAN schwach in {site}', 'Kein WLAN {floor}'], details: ['Mit Kabel geht es, per Funk nicht.'] },
    es: { subjects: ['El wifi va fatal en {site}'], details: ['Se corta cada dos por tres.'] },
    fr: { subjects: ['Pas de wifi au {site}'], details: ["Le réseau est visible mais je n'obtiens pas d'adresse."] },
    resolution: 'Access point replaced and channel plan adjusted.',
  },
  {
    id: 'site-line-down', group: 'Network Operations', category: 'network', subcategory: 'wan', weight: 0.7, impact: [8, 2, 0], urgency: [8, 2, 0], symptom: 'down',
    en: {
      subjects: ['{site} completely offline', 'Whole site {site} has no network', 'line down {site}', 'OUTAGE {site} - nothing works', 'No connection to HQ from {site}'],
      details: ['Nobody can work, phones are dead as well.', 'Router shows a red WAN light. {count} people affected.', 'It was {time} when everything went dark. Power is fine.'],
    },
    de: { subjects: ['Standort {site} komplett offline'], details: ['Keiner kann arbeiten, der Router leuchtet rot.'] },
    resolution: 'Carrier fault; traffic moved to the backup line.',
  },
  {
    id: 'dns-failure', group: 'Network Operations', category: 'network', subcategory: 'dns', weight: 0.7, impact: [2, 5, 3], urgency: [3, 5, 2], symptom: 'error',
    en: {
      subjects: ['hostname {host} not resolved', 'DNS problem since change', '{app} only reachable by IP', 'server not found for internal names', 'nslookup times out'],
      details: ['Ping to the address works, ping to the name does not.', 'Wrong address is returned for {host}, the old one.', 'Browser: DNS_PROBE_FINISHED_NXDOMAIN.'],
    },
    resolution: 'Stale record removed, zone reloaded.',
  },
  {
    id: 'switch-port', group: 'Network Operations', category: 'network', subcategory: 'lan', weight: 1.1, impact: [0, 2, 8], urgency: [1, 4, 5], symptom: 'connection',
    en: {
      subjects: ['network socket dead on {floor}', 'LAN port does not work after desk move', 'no link light', 'Docking station has no network at the new desk', 'unidentified network on {device}'],
      details: ['Moved desks {time}, the socket is number 4-117.', 'Tried another cable. Same cable works in the neighbour socket.', 'I get a 169.254 address.'],
    },
    de: { subjects: ['Netzwerkdose tot {floor}'], details: ['Nach dem Umzug kein Link an der Dose.'] },
    fr: { subjects: ['Prise réseau morte'], details: ['Depuis le déménagement, aucune lumière sur la prise.'] },
    resolution: 'Port patched and put in the right VLAN.',
  },
  {
    id: 'firewall-rule', group: 'Network Operations', category: 'network', subcategory: 'firewall', weight: 0.9, impact: [1, 5, 4], urgency: [2, 5, 3], symptom: 'connection',
    en: {
      subjects: ['Port 1433 blocked between {host} and {db}', 'connection refused from {host}', 'firewall blocks {app} interface', 'telnet to {host} times out', 'Supplier cannot reach our SFTP'],
      details: ['Application team says it is not them, packets are dropped on the way.', 'Worked until the change {time}.', 'Source 10.20.4.0/24, destination {host}, tcp 8443.'],
    },
    resolution: 'Rule order corrected after approval.',
  },
  {
    id: 'bandwidth-slow', group: 'Network Operations', category: 'network', subcategory: 'wan', weight: 1.0, impact: [1, 6, 3], urgency: [1, 5, 4], symptom: 'slow',
    en: {
      subjects: ['Internet extremely slow in {site}', 'network slow', 'everything takes ages in {site}', 'Packet loss to data centre', 'downloads crawl at {site}'],
      details: ['Speed test shows 2 Mbit where we should have 200.', 'Ping goes up to 900 ms around noon.', '{count} complain, {app} and also file copies are affected.'],
    },
    de: { subjects: ['Netz extrem langsam in {site}'], details: ['Alles dauert ewig, auch Dateien kopieren.'] },
    es: { subjects: ['Internet lentísimo en {site}'], details: ['La página tarda minutos en abrir.'] },
    resolution: 'Backup job throttled; quality of service class restored.',
  },
];
