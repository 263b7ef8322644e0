/*
 * Countersign: tell the control plane about new and changed incidents.
 *
 * Where to paste it: System Definition > Business Rules > New
 *   Table      Incident [incident]
 *   Advanced   checked
 *   When       async      (the user's save does not wait; RESTMessageV2 may then wait for its answer)
 *   Insert     checked
 *   Update     checked    (leave unchecked if only new incidents are to be triaged)
 *   Script     this whole file
 *
 * Two system properties (sys_properties.list > New), both with read and write roles set to admin:
 *   countersign.webhook.url      string      https://<your cell>/api/v1/ingest/servicenow/<instance>
 *   countersign.webhook.secret   password2   whsec_... as Countersign showed it once when the instance was registered
 *
 * What it sends: a Standard Webhooks message (https://www.standardwebhooks.com). The body names the record and nothing
 * else: Countersign reads the record back through the Table API and trusts no field of this message. ServiceNow does not
 * retry; what gets lost is found by Countersign's own polling of sys_updated_on.
 *
 * The signature: CertificateEncryption.generateMac takes the key in base64 and gives the MAC in base64, which is just
 * what follows "whsec_" and "v1,". The body is kept to ASCII, so its encoding is not in question.
 *
 * ES5, global scope or a scoped application.
 */
(function executeRule(current) {
  var SOURCE = 'countersign.webhook: ';
  var TIME_OUT_MS = 10000;

  var url = gs.getProperty('countersign.webhook.url', '');
  var secret = gs.getProperty('countersign.webhook.secret', '');
  if (!url || String(secret).indexOf('whsec_') !== 0) {
    gs.error(SOURCE + 'set the properties countersign.webhook.url and countersign.webhook.secret (whsec_...)');
    return;
  }

  var modCount = String(current.getValue('sys_mod_count') || '0');
  var body = toAscii(JSON.stringify({
    table: String(current.getTableName()),
    sys_id: String(current.getUniqueValue()),
    number: String(current.getValue('number') || ''),
    sys_mod_count: modCount,
    operation: modCount === '0' ? 'insert' : 'update',
    sys_updated_by: String(current.getValue('sys_updated_by') || '')
  }));
  var id = String(current.getUniqueValue()) + '.' + modCount;
  var timestamp = String(Math.floor(Number(new GlideDateTime().getNumericValue()) / 1000));
  var key = String(secret).substring('whsec_'.length);
  var mac = new CertificateEncryption().generateMac(key, 'HmacSHA256', id + '.' + timestamp + '.' + body);

  try {
    var request = new sn_ws.RESTMessageV2();
    request.setEndpoint(url);
    request.setHttpMethod('post');
    request.setHttpTimeout(TIME_OUT_MS);
    request.setRequestHeader('Content-Type', 'application/json');
    request.setRequestHeader('webhook-id', id);
    request.setRequestHeader('webhook-timestamp', timestamp);
    request.setRequestHeader('webhook-signature', 'v1,' + mac);
    request.setRequestBody(body);
    var response = request.execute();
    var status = Number(response.getStatusCode());
    if (response.haveError() || status < 200 || status > 299) {
      gs.error(SOURCE + id + ' was answered with ' + status + ' ' + response.getErrorMessage());
    }
  } catch (error) {
    gs.error(SOURCE + id + ' could not be sent: ' + error);
  }

  /** JSON allows every character as an escape; user names may hold letters outside ASCII. */
  function toAscii(text) {
    return text.replace(/[\u0080-\uffff]/g, function (character) {
      return '\\u' + ('0000' + character.charCodeAt(0).toString(16)).slice(-4);
    });
  }
})(current);
